import { CliError } from "./errors";
import type { Io } from "./io";
import { printableJson } from "./terminal/printable";

/** Ends a command: with `--json` by one document on stdout, also where it fails. */
export async function answer(
  io: Io,
  { json }: { json?: boolean },
  run: () => Promise<object | void>,
): Promise<void> {
  const print = (ok: boolean, what: object) => {
    if (json) io.stdout.write(printableJson({ version: 1, ok, ...what }));
  };
  try {
    const done = await run();
    print(true, done ?? {});
  } catch (error) {
    if (error instanceof CliError)
      print(false, { code: error.code, message: error.message, remedy: error.remedy });
    throw error;
  }
}
