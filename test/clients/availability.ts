import type { Context } from "mocha";

/** A client that cannot run on this machine: its tests are skipped, with the reason, and never pass. */
export class ClientUnavailableError extends Error {
  readonly code = "CLIENT_UNAVAILABLE";
}

/**
 * Waits for what a suite needs. Where that cannot be had here, says so on stderr and skips the suite; any other
 * failure is a broken script and fails it.
 */
export async function skipUnlessAvailable<T>(
  context: Context,
  client: string,
  prepare: () => Promise<T>,
): Promise<T> {
  try {
    return await prepare();
  } catch (error) {
    if (!(error instanceof ClientUnavailableError)) throw error;
    process.stderr.write(`\n!! ${client} is NOT tested, because ${error.message}\n\n`);
    return context.skip();
  }
}
