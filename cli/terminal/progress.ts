import type { Io } from "../io";

const PATIENCE_MS = 1_000;

/** Says at a terminal what is being done, where it takes longer than a second. */
export async function tellIfSlow<T>(io: Io, what: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(
    () => io.stderr.isTerminal && io.stderr.write(`${what}${io.stderr.hasUnicode ? " …" : " ..."}\n`),
    PATIENCE_MS,
  );
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
