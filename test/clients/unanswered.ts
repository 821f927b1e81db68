import assert from "node:assert/strict";
import type { LocalAzure } from "../../local-azure/local-azure";

/** Clients go on after some failed calls without a word, so that only the log shows what the local Azure lacks. */
export function assertAllAnswered(azure: LocalAzure): void {
  assert.deepEqual(
    azure.control
      .requests()
      .filter(({ status }) => status === 0 || status >= 500)
      .map(({ method, path, status }) => `${status} ${method} ${path}`),
    [],
  );
}
