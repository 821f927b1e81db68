import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { run } from "../../cli/tools/process";
import { REPOSITORY } from "../cli/command";

/** Everything that somebody copies, and what runs here: workflows, pipelines, pages, what `himl-sp init` writes from. */
const FOLDERS = [
  ".ci",
  ".github",
  "examples",
  "docs",
  "README.md",
  "CONTRIBUTING.md",
  "local-azure/README.md",
];

async function filesOf(name: string): Promise<string[]> {
  if (path.extname(name) !== "" || name === ".ci/run") return [name];
  const entries = await readdir(path.join(REPOSITORY, name), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => path.relative(REPOSITORY, path.join(entry.parentPath, entry.name)))
    .filter((file) => /\.(ya?ml|md|txt|sh|mjs|ts|py|json)$|[\\/]run$/.test(file));
}

describe("The workflows of this repository and of its examples", () => {
  let workflows: [name: string, text: string][];

  before(async () => {
    const names = (await Promise.all(FOLDERS.map(filesOf))).flat();
    workflows = await Promise.all(
      names.map(
        async (name) => [name, await readFile(path.join(REPOSITORY, name), "utf8")] as [string, string],
      ),
    );
    for (const part of ["ci.yml", "renew-fleet.yml", "provision.yml", "passwordless.md", "README.md"])
      assert.ok(
        workflows.some(([name]) => name.includes(part)),
        part,
      );
  });

  it("use one commit of each action, and say which version that is", () => {
    for (const [name, text] of workflows)
      for (const [, action] of text.matchAll(/^\s*(?:- )?uses: (.*)$/gm))
        assert.match(
          action!,
          /^(\.\/.*|[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*)$/,
          `${name}: ${action}`,
        );
  });

  it("run nothing that they have just fetched", () => {
    const shells =
      /\|\s*(sudo )?(\/\w+)*\/?(env )?(ba|z|da)?sh\b|(iex|Invoke-Expression)\b|(ba|z)?sh <\(|eval "?\$\((curl|wget)/;
    for (const [name, text] of workflows)
      for (const line of text.split("\n"))
        if (/curl|wget|Invoke-WebRequest|Invoke-RestMethod|\biwr\b|\birm\b/.test(line))
          assert.doesNotMatch(line, shells, name);
  });

  it("check what they download before they unpack it", () => {
    for (const [name, text] of workflows.filter(([file]) => /\.ya?ml$/.test(file))) {
      const scripts = text.split(/^ *- (?=script:|run:|task:|uses:|bash:)/m);
      for (const script of scripts.filter((one) => /\b(curl|wget)\b[^\n]*https?:/.test(one)))
        assert.match(script, /^ *echo "[0-9a-f]{64} {2}.*" \| sha256sum --check --strict$/m, name);
    }
  });

  it("name exact versions of tools, packages and images", () => {
    for (const [name, text] of workflows.filter(([file]) => /\.ya?ml$/.test(file))) {
      for (const [, version] of text.matchAll(/^ *pulumi-version: (.*)$/gm))
        assert.match(version!, /^\d+\.\d+\.\d+$/, name);
      for (const [, names] of text.matchAll(/pip install (.*)$/gm))
        assert.match(names!, /^[\w-]+==\d[\w.]*$/, name);
      for (const [, image] of text.matchAll(/^ *(?:image|container): (.*)$/gm))
        assert.match(image!, /:\d+\.\d+\.\d+(-[\w.]+)?$/, name);
      assert.doesNotMatch(text, /@latest\b|:latest\b/, name);
    }
  });

  describe("the download of Pulumi in Azure Pipelines", function () {
    let folder: string;
    before(function () {
      // The agent of the examples is a Linux.
      if (process.platform !== "linux") this.skip();
    });
    beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), "himl-download-"))));
    afterEach(() => folder && rm(folder, { recursive: true }));

    /** Runs the step with a `curl` that downloads this. */
    async function install(name: string, archive: Buffer, change = (script: string) => script) {
      const text = await readFile(path.join(REPOSITORY, "examples/azure-devops", name), "utf8");
      const { jobs } = parse(text) as { jobs: { steps: { script?: string; displayName?: string }[] }[] };
      const scripts = jobs
        .flatMap(({ steps }) => steps)
        .filter(({ displayName }) => displayName === "Install Pulumi");
      assert.ok(scripts.length > 0);
      await writeFile(path.join(folder, "archive"), archive);
      await mkdir(path.join(folder, "bin"), { recursive: true });
      const curl = path.join(folder, "bin", "curl");
      await writeFile(curl, '#!/bin/sh\nfor last in "$@"; do :; done\ncp "$ARCHIVE" "$(basename "$last")"\n');
      await chmod(curl, 0o755);
      const PATH = `${path.dirname(curl)}:${process.env["PATH"]}`;
      const env = { PATH, ARCHIVE: path.join(folder, "archive"), AGENT_TEMPDIRECTORY: folder };
      return Promise.all(scripts.map(({ script }) => run("bash", ["-c", change(script!)], { env })));
    }

    for (const name of ["provision.yml", "renew.yml", "renew-fleet.yml"]) {
      it(`${name}: another archive than Pulumi's own is not unpacked`, async () => {
        for (const { exitCode, stdout } of await install(name, Buffer.from("not Pulumi"))) {
          assert.notEqual(exitCode, 0);
          assert.doesNotMatch(stdout, /prependpath/);
        }
      });
    }

    it("what has the checksum is unpacked, and found by the next step", async () => {
      const source = path.join(folder, "source", "pulumi");
      await mkdir(source, { recursive: true });
      await writeFile(path.join(source, "pulumi"), "#!/bin/sh\n");
      const tar = await run("tar", ["-czf", "a.tgz", "-C", "source", "pulumi"], {
        cwd: folder,
        env: { PATH: process.env["PATH"] },
      });
      assert.equal(tar.exitCode, 0, tar.stderr);
      const archive = await readFile(path.join(folder, "a.tgz"));
      const sum = createHash("sha256").update(archive).digest("hex");
      const [first] = await install("renew.yml", archive, (script) => script.replace(/[0-9a-f]{64}/, sum));
      assert.equal(first!.exitCode, 0, first!.stderr);
      assert.ok(
        first!.stdout.includes(`##vso[task.prependpath]${path.join(folder, "pulumi")}\n`),
        first!.stdout,
      );
      assert.deepEqual(await readdir(path.join(folder, "pulumi")), ["pulumi"]);
    });
  });

  it("leave no token in the clone of CI", async () => {
    const ci = await readFile(path.join(REPOSITORY, ".github/workflows/ci.yml"), "utf8");
    const checkouts = ci.match(/uses: actions\/checkout@/g)?.length ?? 0;
    assert.equal(ci.match(/persist-credentials: false/g)?.length, checkouts);
  });
});
