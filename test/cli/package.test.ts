import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { run as runProgram } from "../../cli/processes";
import { type LocalAzure, startLocalAzure } from "../../local-azure/local-azure";
import { type StandIns, startStandIns } from "../../rehearsal/stand-ins/stand-ins";
import { type LanguageHost, startLanguageHost } from "../program/language-host";
import { requireEngine } from "../rehearsal/support";
import { REPOSITORY } from "./command";

/** The whole program of a user: ten lines. */
const PROGRAM = `const { createStackOutputs, HimlServicePrincipal } = require("himl-service-principal");

module.exports = () => {
  const principal = new HimlServicePrincipal("training", {
    resourceGroupName: "rg-ml",
    workspaceName: "ws-ml",
    roles: [{ role: "AzureML Data Scientist", scope: "workspace" }],
  });
  return createStackOutputs(principal);
};
`;

const UNDER_MOCKS = `const pulumi = require("@pulumi/pulumi");
const types = [];
pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => {
    types.push(type);
    return { id: name + "-id", state: { ...inputs, clientId: "client", objectId: "object", value: "hush", result: "uuid" } };
  },
  call: () => ({ tenantId: "tenant", subscriptionId: "5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36", clientId: "me", objectId: "me" }),
});
const outputs = require("./index.js")();
pulumi.output(outputs).apply((values) => console.log(JSON.stringify({ values, types })));
`;

const TYPED = `import * as pulumi from "@pulumi/pulumi";
import { createStackOutputs, HimlServicePrincipal, type StackDetails } from "himl-service-principal";

const principal = new HimlServicePrincipal("training", { resourceGroupName: "rg-ml", workspaceName: "ws-ml" });
export const clientId: pulumi.Output<string> = principal.clientId;
export const details: pulumi.Input<StackDetails["version"]> = 1;
export const outputs = createStackOutputs(principal);
// @ts-expect-error: the workspace is required
new HimlServicePrincipal("none", { resourceGroupName: "rg-ml" });
`;

describe("the npm package, in an empty project of somebody else's", function () {
  this.timeout(120_000);
  let folder: string;
  let project: string;

  const run = (command: string, args: readonly string[], cwd: string, env: Record<string, string> = {}) =>
    runProgram(command, args, { cwd, env: { ...process.env, ...env } });
  const succeed = async (...[command, args, cwd, env]: Parameters<typeof run>) => {
    const { exitCode, stdout, stderr } = await run(command, args, cwd, env);
    assert.equal(exitCode, 0, `${command} ${args.join(" ")}\n${stdout}\n${stderr}`);
    return stdout;
  };

  before(async function () {
    this.timeout(600_000);
    folder = await mkdtemp(path.join(await realpath(tmpdir()), "himl-package-"));
    project = path.join(folder, "project");
    const source = path.join(folder, "source");
    // What the build needs and no more; in a folder of its own, since \`npm pack\` writes to \`dist\`.
    const entries = ["package.json", "tsconfig.json", "tsconfig.build.json", "cli", "components", "settings"];
    await mkdir(project);
    for (const entry of [...entries, "README.md", "LICENSE"]) {
      await cp(path.join(REPOSITORY, entry), path.join(source, entry), { recursive: true });
    }
    await symlink(path.join(REPOSITORY, "node_modules"), path.join(source, "node_modules"), "junction");
    await succeed("npm", ["pack", "--pack-destination", folder], source);
    await writeFile(path.join(project, "package.json"), JSON.stringify({ name: "training", private: true }));
    const version = JSON.parse(await succeed("npm", ["pkg", "get", "version"], source)) as string;
    const tarball = path.join(folder, `himl-service-principal-${version}.tgz`);
    const args = ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball];
    const installed = await run("npm", args, project);
    if (
      installed.exitCode !== 0 &&
      process.env["CI"] !== "true" &&
      /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|E40[34]/.test(installed.stderr)
    ) {
      process.stderr.write(
        `!! the npm package is NOT tested, because npm cannot get what it needs:\n${installed.stderr}\n`,
      );
      return this.skip();
    }
    assert.equal(installed.exitCode, 0, installed.stderr);
    await writeFile(path.join(project, "index.js"), PROGRAM);
  });

  after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

  it("has the build, and nothing of rehearsal or tests", async () => {
    const json = await succeed(
      "npm",
      ["pack", "--dry-run", "--json", "--ignore-scripts"],
      path.join(folder, "source"),
    );
    const files = (JSON.parse(json) as [{ files: { path: string }[] }])[0].files.map((file) => file.path);
    assert.deepEqual(
      files.filter((file) => !/^dist\/(cli|components|settings)\/.*\.(js|d\.ts)$/.test(file)).sort(),
      ["LICENSE", "README.md", "package.json"],
    );
    assert.ok(files.includes("dist/cli/main.js") && files.includes("dist/package.d.ts"));
  });

  it("does not take the place of the program in a clone", async () => {
    // Pulumi's runner (@pulumi/pulumi/cmd/run) takes `exports["."]`, or else `main`, for the program of the project.
    const manifest = JSON.parse(await readFile(path.join(REPOSITORY, "package.json"), "utf8")) as {
      main?: string;
      exports: Record<string, unknown>;
    };
    assert.equal(manifest.main, undefined);
    assert.equal(manifest.exports["."], undefined);
  });

  it("npm installs Pulumi's packages beside it, each once", async () => {
    const { dependencies } = JSON.parse(
      await succeed("npm", ["ls", "--all", "--json", "@pulumi/pulumi"], project),
    ) as {
      dependencies: object;
    };
    const versions = JSON.stringify(dependencies).match(/"@pulumi\/pulumi":\{"version":"[^"]+"/g);
    assert.equal(new Set(versions).size, 1);
  });

  it("npx himl-sp --help", async () => {
    const stdout = await succeed("npx", ["--offline", "himl-sp", "--help"], project);
    assert.match(stdout, /^Usage: himl-sp \[options\] \[command\]/);
  });

  it("a program of ten lines, under mocks", async () => {
    await writeFile(path.join(project, "mocks.js"), UNDER_MOCKS);
    assert.equal(PROGRAM.trimEnd().split("\n").length, 10);
    const { values, types } = JSON.parse(await succeed(process.execPath, ["mocks.js"], project)) as {
      values: Record<string, unknown>;
      types: string[];
    };
    assert.equal(values["HIML_SERVICE_PRINCIPAL_ID"], "client");
    assert.equal(values["HIML_WORKSPACE_NAME"], "ws-ml");
    assert.ok(types.includes("himl-service-principal:index:HimlServicePrincipal"));
    assert.ok(types.includes("azuread:index/applicationPassword:ApplicationPassword"));
  });

  for (const [module, moduleResolution] of [
    ["node16", "node16"],
    ["commonjs", "node10"],
  ] as const) {
    it(`its types, with moduleResolution ${moduleResolution}`, async () => {
      await writeFile(path.join(project, "typed.ts"), TYPED);
      const tsc = path.join(REPOSITORY, "node_modules", "typescript", "bin", "tsc");
      const options = [
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "--module",
        module,
        "--moduleResolution",
        moduleResolution,
      ];
      await succeed(process.execPath, [tsc, ...options, "--target", "es2022", "typed.ts"], project);
    });
  }

  describe("through the rehearsal", () => {
    let azure: LocalAzure;
    let standIns: StandIns;
    let host: LanguageHost;
    let env: Record<string, string>;

    before(async function () {
      this.timeout(900_000);
      const engine = await requireEngine(this);
      azure = await startLocalAzure();
      standIns = await startStandIns(azure.direct);
      host = await startLanguageHost();
      await writeFile(path.join(project, "Pulumi.yaml"), "name: training\nruntime: nodejs\n");
      await mkdir(path.join(folder, "state"));
      const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
      env = {
        ...azure.public,
        ...standIns.environment,
        ...host.environment,
        [pathName]: `${path.dirname(engine.path)}${path.delimiter}${process.env[pathName]}`,
        PULUMI_HOME: path.join(folder, "home"),
        PULUMI_BACKEND_URL: pathToFileURL(path.join(folder, "state")).href,
        PULUMI_CONFIG_PASSPHRASE: "rehearsal",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
      };
    });

    after(async () => {
      host?.close();
      await standIns?.close();
      await azure?.close();
    });

    it("up, himl-sp verify, destroy", async () => {
      await succeed("pulumi", ["stack", "init", "dev", "--non-interactive"], project, env);
      await succeed("pulumi", ["up", "--yes", "--skip-preview", "--non-interactive"], project, env);
      const report = await succeed(
        "npx",
        ["--offline", "himl-sp", "verify", "--from", "stack"],
        project,
        env,
      );
      assert.match(report, /^ok {4}role {11}may submit jobs$/m);
      await succeed("pulumi", ["destroy", "--yes", "--skip-preview", "--non-interactive"], project, env);
      const { applications, roleAssignments } = azure.control.state();
      assert.deepEqual(
        [...applications, ...roleAssignments].filter(({ initial }) => !initial),
        [],
      );
    });
  });
});
