import assert from "node:assert/strict";
import { run } from "../../cli/tools/process";

/** Makes a Go program find the SDK in a folder, as `pulumi package add` does. */
export async function linkGoSdk(program: string, sdk: string): Promise<void> {
  const name = "example.com/himl-service-principal";
  for (const args of [
    ["mod", "edit", "-replace", `${name}=${sdk}`, "-require", `${name}@v0.0.0`],
    ["mod", "tidy"],
  ]) {
    const { exitCode, stderr } = await run("go", args, {
      cwd: program,
      env: { ...process.env, GOFLAGS: "-mod=mod" },
    });
    assert.equal(exitCode, 0, stderr);
  }
}
