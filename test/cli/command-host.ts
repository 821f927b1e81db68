import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { type Finished, start } from "../../cli/tools/process";
import { bareEnvironment, REPOSITORY } from "./command";

/** Runs the built command again and again in one process, for tests that are about what it does, not how it starts. */
export class CommandHost {
  private readonly waiting = new Map<number, (finished: Finished) => void>();
  private runs = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on("message", ({ id, ...finished }: Finished & { id: number }) => {
      this.waiting.get(id)?.(finished);
      this.waiting.delete(id);
    });
  }

  /** @param env what holds for every run: the way to Azure. */
  static start(env: Record<string, string>): CommandHost {
    const child = start(process.execPath, [path.join(__dirname, "command-host.cjs")], {
      cwd: REPOSITORY,
      env: { ...bareEnvironment(), ...env },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    return new CommandHost(child);
  }

  /** @param answers of a person at a terminal; without them nobody is there. */
  run(
    args: readonly string[],
    env: Record<string, string>,
    answers: readonly string[] = [],
  ): Promise<Finished> {
    const id = ++this.runs;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, resolve);
      this.child.send(
        { id, args, env: { ...bareEnvironment(), ...env }, answers },
        (error) => error && reject(error),
      );
    });
  }

  /** As a power cut ends a command that is under way. */
  async kill(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }

  close(): void {
    if (this.child.connected) this.child.disconnect();
  }
}
