import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { CHAPTERS } from "../../rehearsal/chapters/chapters";
import { ClientUnavailableError, skipUnlessAvailable } from "./availability";
import { run, type Finished } from "./processes";

const PROJECT = path.join(__dirname, "..", "..");
const PROVIDERS = ["azuread", "random"];

interface Story {
  ok: boolean;
  steps: { name: string; ok: boolean; detail: string }[];
  leftovers: number;
}

describe(`the rehearsal with the real plugins ${PROVIDERS.join(" and ")}`, function () {
  this.timeout(1_200_000);
  const runs = new Map<string, Promise<Finished>>();

  before(async function () {
    await skipUnlessAvailable(this, "The rehearsal with real plugins", async () => {
      for (const provider of PROVIDERS) await findPlugin(provider);
    });
    // Side by side, since they mostly wait: the real azuread provider watches each deletion for 20 s, whatever the
    // server answers. One after another they take 11 minutes.
    for (const { name } of CHAPTERS) runs.set(name, rehearse(name));
  });

  for (const { name } of CHAPTERS) {
    it(`passes the chapter ${name}`, async () => {
      const finished = await runs.get(name);
      assert.ok(finished !== undefined);
      assert.notEqual(finished.stdout, "", finished.stderr);
      const story = JSON.parse(finished.stdout) as Story;
      assert.notEqual(story.steps.length, 0, finished.stderr);
      assert.deepEqual(
        story.steps.filter(({ ok }) => !ok),
        [],
        finished.stderr,
      );
      assert.equal(story.ok, true);
      assert.equal(story.leftovers, 0);
      assert.equal(finished.exitCode, 0);
    });
  }
});

function rehearse(chapter: string): Promise<Finished> {
  const script = ["-r", "ts-node/register/transpile-only", path.join("rehearsal", "main.ts")];
  return run(
    process.execPath,
    [...script, "--json", "--chapter", chapter, "--real-providers", PROVIDERS.join(",")],
    { env: process.env, cwd: PROJECT, timeoutSeconds: 1_100 },
  );
}

/** The engine takes a plugin from PATH, or from its own folder in exactly the version that the SDK package asks for. */
async function findPlugin(provider: string): Promise<void> {
  const sdk = path.join(PROJECT, "node_modules", "@pulumi", provider, "package.json");
  const { version } = JSON.parse(await readFile(sdk, "utf8")) as { version: string };
  const command = `pulumi-resource-${provider}${process.platform === "win32" ? ".exe" : ""}`;
  const home = process.env.PULUMI_HOME ?? path.join(homedir(), ".pulumi");
  const places = [
    ...(process.env.PATH ?? "").split(path.delimiter),
    path.join(home, "plugins", `resource-${provider}-v${version}`),
  ].map((folder) => path.join(folder, command));
  for (const place of places) {
    try {
      await access(place);
      return;
    } catch {
      // Not there; the next place.
    }
  }
  throw new ClientUnavailableError(
    `the Pulumi plugin ${provider} ${version} is not installed (pulumi plugin install resource ${provider} ${version}).`,
  );
}
