import type { Io } from "../../cli/io";
import { run, runAttached } from "../../cli/tools/process";

/** An `Io` that remembers what was written, for what a test cannot have: a terminal. */
interface RememberingIo extends Io {
  readonly written: { stdout: string; stderr: string };
}

export function rememberingIo(
  options: { env?: Record<string, string>; isTerminal?: boolean; answers?: string[]; now?: Date } = {},
): RememberingIo {
  const written = { stdout: "", stderr: "" };
  const isTerminal = options.isTerminal ?? false;
  const output = (name: keyof typeof written) => ({
    write: (text: string) => void (written[name] += text),
    isTerminal,
    hasColor: false,
  });
  return {
    written,
    env: options.env ?? {},
    stdout: output("stdout"),
    stderr: output("stderr"),
    canAsk: isTerminal,
    ask: (question) => {
      written.stderr += question;
      return Promise.resolve(options.answers?.shift() ?? "");
    },
    run,
    runAttached,
    childStdio: "ignore",
    now: () => options.now ?? new Date(),
    signal: new AbortController().signal,
  };
}
