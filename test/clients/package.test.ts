import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { run as runProgram } from "../../cli/tools/process";
import { type LocalAzure, startLocalAzure } from "../../local-azure/local-azure";
import type { Engine } from "../../rehearsal/engine/engine";
import { Session } from "../../rehearsal/engine/session";
import { requireEngine } from "../rehearsal/support";
import { REPOSITORY } from "../cli/command";
import { InitStage, NAMED } from "../cli/init-stage";

/** The whole program of a user: ten lines. */
const PROGRAM = `const { HimlServicePrincipal } = require("himl-service-principal");

module.exports = () => {
  const principal = new HimlServicePrincipal("training", {
    resourceGroupName: "rg-ml",
    workspaceName: "ws-ml",
    roles: [{ role: "AzureML Data Scientist", scope: "workspace" }],
  });
  return principal.outputs;
};
`;

const UNDER_MOCKS = `const pulumi = require("@pulumi/pulumi");
const types = [];
pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => {
    types.push(type);
    return { id: name + "-id", state: { ...inputs, clientId: "client", objectId: "object", value: "hush", result: "3f0c5a1e-6d2b-4a77-9c1d-2b8e4f6a9d10" } };
  },
  call: () => ({ tenantId: "tenant", subscriptionId: "5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36", clientId: "me", objectId: "me" }),
});
const outputs = require("./index.js")();
pulumi.output(outputs).apply((values) => console.log(JSON.stringify({ values, types })));
`;

const TYPED = `import * as pulumi from "@pulumi/pulumi";
import { HimlServicePrincipal, type StackDetails } from "himl-service-principal";

const principal = new HimlServicePrincipal("training", { resourceGroupName: "rg-ml", workspaceName: "ws-ml" });
export const clientId: pulumi.Output<string> = principal.clientId;
export const details: pulumi.Input<StackDetails["version"]> = 1;
export const outputs = principal.outputs;
// @ts-expect-error: the workspace is required
new HimlServicePrincipal("none", { resourceGroupName: "rg-ml" });
`;

/** A later version than the one in the lock file, within the range of `peerDependencies`. */
const OTHER_PULUMI = "3.249.0";

describe("the npm package, made in a clone and used in an empty project", function () {
  this.timeout(120_000);
  let folder: string;
  let clone: string;
  let project: string;
  let tarball: string;

  const run = (command: string, args: readonly string[], cwd: string, env: Record<string, string> = {}) =>
    runProgram(command, args, { cwd, env: { ...process.env, ...env } });
  const succeed = async (...[command, args, cwd, env]: Parameters<typeof run>) => {
    const { exitCode, stdout, stderr } = await run(command, args, cwd, env);
    assert.equal(exitCode, 0, `${command} ${args.join(" ")}\n${stdout}\n${stderr}`);
    return stdout;
  };
  /** Skips all tests where npm has neither a cache nor a registry. In CI that is a failure. */
  const npm = async (context: Mocha.Context, args: readonly string[], cwd: string) => {
    const all = [...args, "--prefer-offline", "--no-audit", "--no-fund"];
    const { exitCode, stderr } = await run("npm", all, cwd);
    const isUnreachable = /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|E40[34]/.test(stderr);
    if (exitCode !== 0 && process.env["CI"] !== "true" && isUnreachable) {
      process.stderr.write(
        `!! the npm package is NOT tested, because npm cannot get what it needs:\n${stderr}\n`,
      );
      return context.skip();
    }
    assert.equal(exitCode, 0, stderr);
  };

  before(async function () {
    this.timeout(900_000);
    folder = await mkdtemp(path.join(await realpath(tmpdir()), "himl-package-"));
    [clone, project] = [path.join(folder, "clone"), path.join(folder, "project")];
    const files = await succeed(
      "git",
      ["ls-files", "--cached", "--others", "--exclude-standard", "-z"],
      REPOSITORY,
    );
    for (const file of files.split("\0").filter((name) => name && existsSync(path.join(REPOSITORY, name)))) {
      await cp(path.join(REPOSITORY, file), path.join(clone, file));
    }
    await npm(this, ["ci", "--omit=dev"], clone);
    await succeed("npm", ["pack", "--pack-destination", folder], clone);
    const version = JSON.parse(await succeed("npm", ["pkg", "get", "version"], clone)) as string;
    tarball = path.join(folder, `himl-service-principal-${version}.tgz`);
    await mkdir(project);
    await writeFile(path.join(project, "package.json"), JSON.stringify({ name: "training", private: true }));
    await npm(this, ["install", tarball], project);
    await writeFile(path.join(project, "index.js"), PROGRAM);
  });

  after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

  it("has the build, and nothing of rehearsal or tests", async () => {
    const json = await succeed("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], clone);
    const files = (JSON.parse(json) as [{ files: { path: string }[] }])[0].files.map((file) => file.path);
    assert.deepEqual(
      files
        .filter((file) => !/^dist\/(cli|components|plugin|stack)\/.*\.(js|d\.ts)$/.test(file))
        // `himl-sp init` fills names into them.
        .filter((file) => !/^examples\/(azure-devops|github-actions)\/[\w-]+\.yml$/.test(file))
        .sort(),
      [
        "LICENSE",
        "README.md",
        "dist/package.d.ts",
        "dist/package.js",
        "dist/plugin/schema.json",
        "package.json",
      ],
    );
    for (const main of ["cli", "plugin"]) assert.ok(files.includes(`dist/${main}/main.js`), main);
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

  it("npm installs Pulumi's packages beside it, each once, also where the project has another version", async function () {
    const other = path.join(folder, "other");
    await mkdir(other);
    await writeFile(path.join(other, "package.json"), JSON.stringify({ name: "other", private: true }));
    await npm(this, ["install", "--package-lock-only", `@pulumi/pulumi@${OTHER_PULUMI}`], other);
    await npm(this, ["install", "--package-lock-only", tarball], other);
    for (const [where, version] of [
      [other, OTHER_PULUMI],
      [project, undefined],
    ] as const) {
      const lock = JSON.parse(await readFile(path.join(where, "package-lock.json"), "utf8")) as {
        packages: Record<string, { version: string }>;
      };
      const copies = Object.keys(lock.packages).filter((name) => /(^|\/)node_modules\/@pulumi\//.test(name));
      assert.deepEqual(
        copies.sort(),
        ["azure-native", "azuread", "pulumi", "random"].map((name) => `node_modules/@pulumi/${name}`),
      );
      if (version) assert.equal(lock.packages["node_modules/@pulumi/pulumi"]!.version, version);
    }
  });

  it("npx --no -- himl-sp --help", async () => {
    for (const where of [project, clone]) {
      const stdout = await succeed("npx", ["--offline", "himl-sp", "--help"], where);
      assert.match(stdout, /^Usage: himl-sp \[options\] \[command\]/);
    }
  });

  it("npx --no -- himl-sp init: the questions and the pipelines are in the package", async () => {
    const { exitCode, stderr } = await run("npx", ["--offline", "himl-sp", "init"], project);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, /OPTIONS_MISSING/);
    for (const place of ["github-actions", "azure-devops"])
      for (const name of ["train-with-oidc.yml", "renew.yml"])
        assert.ok(
          existsSync(path.join(project, "node_modules", "himl-service-principal", "examples", place, name)),
        );
  });

  describe("npx himl-service-principal, from the package alone", () => {
    let stage: InitStage;
    const env: Record<string, string> = {};
    const npx = (args: readonly string[], more: Record<string, string> = {}) =>
      run("npx", ["--yes", "--prefer-offline", `file:${tarball}`, ...args], stage.folder, {
        ...env,
        ...more,
      });

    before(async () => {
      stage = await InitStage.create();
      await stage.reset(stage.azure.admin);
      // What npx unpacks goes with the test; what npm has downloaded already is not fetched again.
      const cache = path.join(folder, "npm-cache");
      await mkdir(cache);
      const usual = (await succeed("npm", ["config", "get", "cache"], folder)).trim();
      if (existsSync(path.join(usual, "_cacache")))
        await symlink(path.join(usual, "_cacache"), path.join(cache, "_cacache"), "junction");
      env["npm_config_cache"] = cache;
    });
    after(() => stage?.close());

    it("init, in an empty folder: a project, its settings, and what is left to run", async function () {
      this.timeout(300_000);
      // The first one unpacks; from then on the only network is the local Azure.
      const help = await npx(["--help"]);
      assert.equal(help.exitCode, 0, help.stderr);
      assert.match(help.stdout, /^Usage: himl-sp \[options\] \[command\]/);
      const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
      const options = ["--workspace", "ws-ml", "--pipeline", "other", "--password", "--yes"];
      const init = await npx(["init", ...options], {
        ...stage.azure.public,
        npm_config_offline: "true",
        [pathName]: [stage.tools.folder, process.env[pathName]].join(path.delimiter),
      });
      assert.equal(init.exitCode, 0, init.stderr);
      const plugin = [".gitignore", "PulumiPlugin.yaml", NAMED, "package.json"];
      assert.deepEqual(await stage.files(), [
        "Pulumi.dev.yaml",
        "Pulumi.yaml",
        ...plugin.map((name) => `himl-service-principal/${name}`),
      ]);
      assert.match(await stage.read("Pulumi.yaml"), /workspaceName: ws-ml/);
      assert.match(init.stdout, /^pulumi up --stack dev$/m);
    });
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
    let engine: Engine;
    let session: Session | undefined;

    before(async function () {
      this.timeout(900_000);
      engine = await requireEngine(this);
      azure = await startLocalAzure();
      await writeFile(path.join(project, "Pulumi.yaml"), "name: training\nruntime: nodejs\n");
    });

    afterEach(async () => {
      await session?.close();
      session = undefined;
    });

    after(() => azure?.close());

    it("a clone after `npm ci --omit=dev` has all that a preview needs", async () => {
      session = await Session.open({
        engine,
        project: clone,
        settings: { resourceGroupName: azure.resourceGroup, workspaceName: azure.workspaceName },
        environment: azure.direct,
      });
      const plan = await session.expectPulumi("preview");
      assert.match(plan, /azuread:index:Application +himl-application +create/);
      // Linters, test runners and the rehearsal's own: without them an installation takes about half.
      for (const name of ["oxlint", "mocha", "fastify"])
        assert.ok(!existsSync(path.join(clone, "node_modules", name)));
    });

    it("up, himl-sp verify, destroy", async () => {
      session = await Session.open({ engine, project, environment: azure.direct });
      await session.up();
      const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
      const report = await succeed("npx", ["--offline", "himl-sp", "verify", "--from", "stack"], project, {
        ...azure.public,
        ...session.variables,
        [pathName]: `${session.binFolder}${path.delimiter}${process.env[pathName]}`,
      });
      assert.match(report, /^ok {4}role {11}may submit jobs$/m);
      await session.destroy();
      const { applications, roleAssignments } = azure.control.state();
      assert.deepEqual(
        [...applications, ...roleAssignments].filter(({ initial }) => !initial),
        [],
      );
    });
  });
});
