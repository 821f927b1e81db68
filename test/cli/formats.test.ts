import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { CliError } from "../../cli/errors";
import { FORMATS, renderGithubEnv, renderMask } from "../../cli/formats/formats";
import { PASSWORD, type Variables, VARIABLE_NAMES } from "../../cli/variables";
import { readWorkspaceConfig } from "../../stack/workspace-config";
import { skipUnlessAvailable } from "../clients/availability";
import { pythonEnvironment } from "../clients/environments";
import { variables } from "./hostile-values";
import { VALUES } from "./outputs";
import {
  findPowerShell,
  PythonDotenv,
  readAsAzurePipelines,
  readAsDockerEnvFile,
  readAsGithubEnv,
  readAsPowerShell,
  readMasks,
  readWithBash,
  readWithDocker,
  readWithPowerShell,
} from "./readers";

/** The text; or undefined, which is right only if some value is one that the format cannot carry. */
function renderOrRefuse(
  render: (values: Variables) => string,
  values: Required<Variables>,
  cannotCarry: (value: string, name: string) => boolean,
): string | undefined {
  const refused = VARIABLE_NAMES.filter(
    (name) => values[name].includes("\0") || /\p{Cs}/u.test(values[name]) || cannotCarry(values[name], name),
  );
  try {
    const text = render(values);
    assert.deepEqual(refused, [], "it must refuse what it cannot carry");
    return text;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    assert.equal(error.code, "VALUE_NOT_CARRIED");
    assert.ok(
      refused.some((name) => error.message.startsWith(`${name} must not have `)),
      error.message,
    );
    return undefined;
  }
}

const never = () => false;

describe("formats of himl-sp env: a real reader reads back what was written", () => {
  it("bash", function () {
    if (spawnSync("bash", ["-c", "exit 0"]).status !== 0) return this.skip();
    this.timeout(60_000);
    fc.assert(
      fc.property(variables, (values) => {
        const text = renderOrRefuse(FORMATS.bash, values, never);
        if (text !== undefined) assert.deepEqual(readWithBash(text), values);
      }),
      { numRuns: 200 },
    );
  });

  it("dotenv: python-dotenv", async function () {
    this.timeout(300_000);
    const { python } = await skipUnlessAvailable(this, "python-dotenv", () =>
      pythonEnvironment("python-dotenv"),
    );
    const reader = new PythonDotenv(python);
    try {
      await fc.assert(
        fc.asyncProperty(variables, async (values) => {
          const text = renderOrRefuse(FORMATS.dotenv, values, cannotBeInDotenv);
          if (text !== undefined) assert.deepEqual(await reader.read(text), values);
        }),
        { numRuns: 2_000 },
      );
    } finally {
      await reader.close();
    }
  });

  // A trailing backslash can be told from the escape of a quote only where no quotes are needed.
  const cannotBeInDotenv = (value: string) =>
    value.includes("${") || (value.endsWith("\\") && !/^(?!['"#])[!-~]+$/.test(value));

  it("docker-env-file, by docker's documented rules", () => {
    fc.assert(
      fc.property(variables, (values) => {
        const text = renderOrRefuse(FORMATS["docker-env-file"], values, (value) => /[\r\n]/.test(value));
        if (text !== undefined) assert.deepEqual(readAsDockerEnvFile(text), values);
      }),
    );
  });

  it("docker-env-file: the docker command", async function () {
    if (spawnSync("docker", ["--version"]).status !== 0) {
      process.stderr.write("!! docker is NOT asked, because there is none here\n");
      return this.skip();
    }
    this.timeout(60_000);
    const folder = await mkdtemp(path.join(tmpdir(), "himl-sp-docker-"));
    try {
      const file = path.join(folder, "env");
      const samples = fc.sample(variables, { numRuns: 300, seed: 1 });
      for (const values of samples
        .filter((all) => !/[\r\n\0\p{Cs}]/u.test(Object.values(all).join("")))
        .slice(0, 15)) {
        await writeFile(file, FORMATS["docker-env-file"](values));
        assert.deepEqual(await readWithDocker(file), values);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("powershell, by PowerShell's documented rules", () => {
    fc.assert(
      fc.property(variables, (values) => {
        const text = renderOrRefuse(FORMATS.powershell, values, never);
        if (text !== undefined) assert.deepEqual(readAsPowerShell(text), values);
      }),
    );
  });

  it("powershell: PowerShell itself", function () {
    const program = findPowerShell();
    if (program === undefined) {
      process.stderr.write("!! PowerShell is NOT asked, because there is none here\n");
      return this.skip();
    }
    this.timeout(120_000);
    for (const values of fc.sample(variables, { numRuns: 20, seed: 1 })) {
      const text = renderOrRefuse(FORMATS.powershell, values, never);
      if (text !== undefined) assert.deepEqual(readWithPowerShell(program, text), values);
    }
  });

  it("json", () => {
    fc.assert(fc.property(variables, (values) => assert.deepEqual(JSON.parse(FORMATS.json(values)), values)));
  });

  it("azure-pipelines, by Azure's documentation; only the password is secret", () => {
    const isRefused = (value: string, name: string) => name === PASSWORD && /[\r\n]/.test(value);
    fc.assert(
      fc.property(variables, (values) => {
        const text = renderOrRefuse(FORMATS["azure-pipelines"], values, isRefused);
        if (text === undefined) return;
        const expected = VARIABLE_NAMES.map((name) => [
          name,
          { value: values[name], isSecret: name === PASSWORD },
        ]);
        assert.deepEqual(readAsAzurePipelines(text), Object.fromEntries(expected));
      }),
      { numRuns: 500 },
    );
  });

  for (const lineBreak of ["\n", "\r\n"] as const) {
    it(`github-actions, by GitHub's documentation, where a line ends with ${JSON.stringify(lineBreak)}`, () => {
      fc.assert(
        fc.property(variables, fc.constantFrom("EOF", "ghadelimiter_1", "::", "'"), (values, delimiter) => {
          const text = renderOrRefuse(
            (all) => renderGithubEnv(all, delimiter),
            values,
            (value) => value.endsWith("\r") || value.includes(delimiter),
          );
          if (text !== undefined) assert.deepEqual(readAsGithubEnv(text, lineBreak), values);
        }),
        { numRuns: 500 },
      );
    });
  }

  it("github-actions: what is masked is the value", () => {
    fc.assert(
      fc.property(variables, (values) => {
        assert.deepEqual(readMasks(renderMask(values[PASSWORD])), [values[PASSWORD]]);
      }),
    );
  });

  it("hi-ml-config: the program reads it as a workspaceConfig", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "himl-sp-config-"));
    try {
      await writeFile(path.join(folder, "config.json"), FORMATS["hi-ml-config"](VALUES));
      assert.deepEqual(readWorkspaceConfig("config.json", folder), {
        values: {
          subscriptionId: VALUES.HIML_SUBSCRIPTION_ID,
          resourceGroupName: VALUES.HIML_RESOURCE_GROUP,
          workspaceName: VALUES.HIML_WORKSPACE_NAME,
        },
        problems: [],
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("five variables without a password, in the order of the contract", () => {
    const five: Variables = { ...VALUES };
    delete five[PASSWORD];
    assert.equal(
      FORMATS.dotenv(five),
      [
        "HIML_SERVICE_PRINCIPAL_ID=4c8e3a56-0f5e-4a52-8c9c-25e10ab3b0ad",
        "HIML_TENANT_ID=7d3f1f5c-6f5a-4ac1-9c34-0e2f8b7c9d11",
        "HIML_SUBSCRIPTION_ID=5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36",
        "HIML_RESOURCE_GROUP='rg-ml(west)'",
        "HIML_WORKSPACE_NAME=ws-ml",
        "",
      ].join("\n"),
    );
  });

  it("an error names the variable and never shows its value", () => {
    const render = () => FORMATS["docker-env-file"]({ ...VALUES, [PASSWORD]: "hush\nhush" });
    assert.throws(render, (error: CliError) => {
      assert.equal(
        error.message,
        "HIML_SERVICE_PRINCIPAL_PASSWORD must not have a line break in the format docker-env-file, which cannot represent that.",
      );
      assert.ok(!`${error.stack} ${error.remedy}`.includes("hush"));
      return true;
    });
  });
});
