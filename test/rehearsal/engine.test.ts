import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ENGINE_VERSION } from "../../rehearsal/engine/go-build";
import { obtainEngine } from "../../rehearsal/engine/engine";
import { processesWith, PROJECT, withFolder } from "./support";

/** An executable that does what these shell commands do. */
async function writeScript(file: string, commands: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${commands}\n`);
  await chmod(file, 0o755);
  return file;
}

const answers = (version: string): string => `echo v${version}`;
// Stands for the Go compiler: writes the program it was asked for (-o FILE), which answers with the module's version.
const FAKE_GO = `
while [ $# -gt 0 ]; do if [ "$1" = -o ]; then out="$2"; fi; shift; done
echo "go: downloading a module" >&2
printf '#!/bin/sh\\necho v${ENGINE_VERSION}\\n' > "$out"
chmod +x "$out"`;

describe("obtaining an engine", () => {
  before(function () {
    // The engines of these tests are shell scripts.
    if (process.platform === "win32") this.skip();
  });

  /** Obtains with nothing of this machine in reach but a shell. */
  const obtain = (folder: string, options: Parameters<typeof obtainEngine>[0] = {}) =>
    obtainEngine({
      download: false,
      cacheFolder: path.join(folder, "cache"),
      env: { PATH: `${path.join(folder, "bin")}:/usr/bin:/bin` },
      ...options,
    });

  it("takes the one that is asked for before the one on PATH", () =>
    withFolder(async (folder) => {
      await writeScript(path.join(folder, "bin/pulumi"), answers("3.250.0"));
      const asked = await writeScript(path.join(folder, "mine"), answers("3.250.1"));
      assert.deepEqual(await obtain(folder, { engine: asked }), {
        path: asked,
        version: "3.250.1",
        source: "--engine",
      });
    }));

  for (const [what, script, message] of [
    ["a file that cannot be run", undefined, /which cannot be run \(EACCES\)/],
    ["something else than Pulumi", "echo hello", /whose answer to "version" is not a version/],
    ["a program that fails", `${answers("3.250.0")}; exit 3`, /whose answer to "version" is not a version/],
  ] as const) {
    it(`refuses ${what}, and tries nothing else`, () =>
      withFolder(async (folder) => {
        await writeScript(path.join(folder, "bin/pulumi"), answers("3.250.0"));
        const asked = await writeScript(path.join(folder, "mine"), script ?? "");
        if (script === undefined) await chmod(asked, 0o644);
        await assert.rejects(obtain(folder, { engine: asked }), { code: "ENGINE_NOT_FOUND", message });
      }));
  }

  it("refuses one that is too old, with the version that it needs", () =>
    withFolder(async (folder) => {
      const asked = await writeScript(path.join(folder, "mine"), answers("3.247.9"));
      await assert.rejects(obtain(folder, { engine: asked }), {
        code: "ENGINE_TOO_OLD",
        message: `The engine must be version 3.248.0 or later. Received 3.247.9 from ${asked}.\nUpdate it: https://www.pulumi.com/docs/install/`,
      });
    }));

  it("takes the one on PATH before one of an earlier run", () =>
    withFolder(async (folder) => {
      const onPath = await writeScript(path.join(folder, "bin/pulumi"), answers("3.250.0"));
      await writeScript(path.join(folder, `cache/go-build-${ENGINE_VERSION}/pulumi`), answers("3.248.0"));
      assert.deepEqual(await obtain(folder), { path: onPath, version: "3.250.0", source: "PATH" });
    }));

  it("goes on after one on PATH that is too old, and says so", () =>
    withFolder(async (folder) => {
      await writeScript(path.join(folder, "bin/pulumi"), answers("3.10.0"));
      const cached = await writeScript(
        path.join(folder, `cache/go-build-${ENGINE_VERSION}/pulumi`),
        answers("3.248.0"),
      );
      const lines: string[] = [];
      const engine = await obtain(folder, { onProgress: (line) => lines.push(line) });
      assert.deepEqual(engine, { path: cached, version: "3.248.0", source: "cache" });
      assert.match(
        lines.join("\n"),
        /^PATH: The engine must be version 3\.248\.0 or later\. Received 3\.10\.0/,
      );
    }));

  it("builds one where there is none, shows progress, and finds it again", () =>
    withFolder(async (folder) => {
      await writeScript(path.join(folder, "bin/go"), FAKE_GO);
      const lines: string[] = [];
      const built = await obtain(folder, { onProgress: (line) => lines.push(line) });
      assert.equal(built.source, "go-build");
      assert.match(lines.join("\n"), /Building the Pulumi engine/);
      assert.deepEqual(await obtain(folder), { ...built, source: "cache" });
      assert.deepEqual(await readdir(path.join(folder, "cache")), [`go-build-${ENGINE_VERSION}`]);
    }));

  it("leaves nothing of a build that fails, and says what was tried", () =>
    withFolder(async (folder) => {
      await writeScript(
        path.join(folder, "bin/go"),
        `touch "$GOTMPDIR/work"; echo "no such module" >&2; exit 1`,
      );
      await assert.rejects(obtain(folder), {
        code: "ENGINE_UNAVAILABLE",
        message: /automation-api: not wanted\n {2}go-build: go build failed: no such module\n/,
      });
      assert.deepEqual(await readdir(path.join(folder, "cache")), []);
    }));

  it("says what to install where nothing can be had", () =>
    withFolder(async (folder) => {
      await assert.rejects(obtain(folder, { env: { PATH: path.join(folder, "bin") } }), {
        code: "ENGINE_UNAVAILABLE",
        message:
          /go is not installed\nInstall Pulumi \(https:.*\) or Go \(https:.*\), or name an engine with --engine\./,
      });
    }));

  it("leaves no process and no folder of a build that is interrupted", function () {
    if (process.platform !== "linux") this.skip();
    return withFolder(async (folder) => {
      // Go starts compilers of its own, which do not die with it.
      await writeScript(path.join(folder, "bin/go"), `touch "$GOTMPDIR/work"; sleep 600 & sleep 600`);
      const interruption = new AbortController();
      const building = obtain(folder, { signal: interruption.signal });
      while ((await processesWith(path.join(folder, "bin"))).length < 3) await sleep(20);
      interruption.abort();
      await assert.rejects(building, { code: "INTERRUPTED" });
      assert.deepEqual(await readdir(path.join(folder, "cache")), []);
      assert.deepEqual(await processesWith(path.join(folder, "bin")), []);
    });
  });

  it("has the version of go.mod in the program", async () => {
    const goMod = await readFile(path.join(PROJECT, "rehearsal/engine/go.mod"), "utf8");
    assert.match(
      goMod,
      new RegExp(`github\\.com/pulumi/pulumi/pkg/v3 v${ENGINE_VERSION.replaceAll(".", "\\.")}\\s`),
    );
  });
});
