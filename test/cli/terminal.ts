import { spawn, type IPty } from "@lydell/node-pty";
import { stripVTControlCharacters } from "node:util";
import { bareEnvironment } from "./command";

const LONGEST_WAIT_MS = 60_000;

/** A process at a pseudo-terminal, and somebody who types. */
export class Terminal {
  private text = "";
  /** How much of it has been waited for already. */
  private seen = 0;
  private readonly listeners = new Set<() => void>();
  private exitCode: number | undefined;

  private constructor(private readonly pty: IPty) {
    pty.onData((data) => {
      this.text += data;
      this.tell();
    });
    pty.onExit(({ exitCode }) => {
      this.exitCode = exitCode;
      this.tell();
    });
  }

  static open(args: readonly string[], options: { cwd: string; env: Record<string, string> }): Terminal {
    const env = { ...bareEnvironment(), TERM: "xterm-256color", LANG: "C.UTF-8", ...options.env };
    return new Terminal(spawn(process.execPath, [...args], { cols: 160, rows: 50, cwd: options.cwd, env }));
  }

  /** All that was shown so far, without what steers the terminal. */
  get shown(): string {
    return stripVTControlCharacters(this.text);
  }

  /** All that reached the terminal, byte by byte. */
  get raw(): string {
    return this.text;
  }

  /** Waits for something that was not waited for before. */
  async expect(pattern: RegExp): Promise<void> {
    await this.until(() => {
      const match = pattern.exec(this.shown.slice(this.seen));
      if (match === null) return false;
      this.seen += match.index + match[0].length;
      return true;
    }, String(pattern));
  }

  press(keys: string): void {
    this.pty.write(keys);
  }

  /** Waits for a question, and accepts the answer that is ready. */
  async accept(question: RegExp): Promise<void> {
    await this.expect(question);
    this.press(ENTER);
  }

  /** Waits for a question, and answers it. */
  async answer(question: RegExp, text: string): Promise<void> {
    await this.expect(question);
    this.press(`${text}${ENTER}`);
  }

  async end(): Promise<number> {
    await this.until(() => this.exitCode !== undefined, "its end");
    return this.exitCode!;
  }

  close(): void {
    if (this.exitCode === undefined) this.pty.kill();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  private until(holds: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.listeners.delete(check);
        settle();
      };
      const check = () => {
        if (holds()) return finish(resolve);
        if (this.exitCode !== undefined) fail(`It ended with ${this.exitCode}`);
      };
      const fail = (why: string) =>
        finish(() => reject(new Error(`${why} before ${what} was shown:\n${this.shown}`)));
      const timer = setTimeout(() => fail("Nothing came"), LONGEST_WAIT_MS);
      this.listeners.add(check);
      check();
    });
  }
}

export const ENTER = "\r";
export const DOWN = "\u001b[B";
export const CTRL_C = "\u0003";
