import assert from "node:assert/strict";
import path from "node:path";
import { run } from "../../cli/tools/process";

const PROJECT = path.join(__dirname, "../..");

describe("A stack whose state is in Blob Storage, encrypted by a key of Key Vault", () => {
  // Not part of `npm test`: the first run downloads Azurite.
  it("lives its whole life, over a new version of the key and the key's deletion", async function () {
    this.timeout(600_000);
    const main = [path.join(PROJECT, "rehearsal", "main.ts"), "--chapter", "production", "--json"];
    const { exitCode, stdout, stderr } = await run(
      process.execPath,
      ["-r", "ts-node/register/transpile-only", ...main],
      { env: process.env, cwd: PROJECT },
    );
    assert.equal(exitCode, 0, stdout + stderr);
    const { steps, leftovers } = JSON.parse(stdout) as { steps: { ok: boolean }[]; leftovers: number };
    assert.equal(steps.length, 13);
    assert.equal(leftovers, 0);
  });
});
