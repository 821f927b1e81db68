import type { Io } from "../../cli/io";
import { type Environment, type Finished, run, runAttached } from "../../cli/tools/process";

/* oxlint-disable-next-line typescript/no-require-imports */
const { giveAnswer, standInsOf } = require("./recorded-answers.cjs") as {
  giveAnswer: (...of: [string, string, readonly string[], string, Environment]) => Omit<Finished, "signal">;
  standInsOf: (program: string, env: Environment) => string | undefined;
};

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
    // A stand-in on PATH answers without being started.
    run: async (program, args, given) => {
      const folder = standInsOf(program, given.env);
      if (folder === undefined) return run(program, args, given);
      return { signal: undefined, ...giveAnswer(folder, program, args, given.input ?? "", given.env) };
    },
    runAttached: async (program, args, given) => {
      const folder = standInsOf(program, given.env);
      if (folder === undefined) return runAttached(program, args, given);
      return giveAnswer(folder, program, args, "", given.env).exitCode;
    },
    childStdio: "ignore",
    now: () => options.now ?? new Date(),
    signal: new AbortController().signal,
  };
}
