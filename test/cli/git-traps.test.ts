import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readGitRepository } from "../../cli/tools/git";
import { run } from "../../cli/tools/process";
import { rememberingIo } from "./remembering-io";

/** Ways in which the settings of a repository name a program that git would run. */
const SETTINGS = (trap: string): [key: string, value: string][] => [
  ["core.fsmonitor", trap],
  ["core.pager", trap],
  ["pager.remote", trap],
  ["core.editor", trap],
  ["core.sshCommand", trap],
  ["core.gitProxy", trap],
  ["core.askPass", trap],
  ["core.alternateRefsCommand", trap],
  ["credential.helper", `!${trap}`],
  ["diff.external", trap],
  ["diff.x.textconv", trap],
  ["filter.x.clean", trap],
  ["filter.x.smudge", trap],
  ["filter.x.process", trap],
  ["gpg.program", trap],
  ["alias.rev-parse", `!${trap}`],
  ["alias.ls-files", `!${trap}`],
  ["remote.origin.uploadpack", trap],
  ["remote.origin.promisor", "true"],
  ["extensions.partialClone", "origin"],
  ["protocol.ext.allow", "always"],
];

describe("init asks git, in a folder of somebody else's", () => {
  let folder: string;
  const git = (...args: string[]) => execFileSync("git", ["-C", folder, ...args], { stdio: "pipe" });
  const trap = () => path.join(folder, "..", `${path.basename(folder)}-trap`);
  const pwned = () => `${trap()}.ran`;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), "himl-git-")));
    writeFileSync(trap(), `#!/bin/sh\ntouch '${pwned()}'\nexit 1\n`);
    chmodSync(trap(), 0o755);
  });
  afterEach(() => {
    for (const made of [folder, trap(), pwned()]) rmSync(made, { recursive: true, force: true });
  });

  const commands: string[][] = [];
  const io = () => ({
    ...rememberingIo({ env: { PATH: process.env.PATH ?? "", HOME: folder } }),
    run: (...[program, args, options]: Parameters<typeof run>) => {
      if (program === "git") commands.push([...args]);
      return run(program, args, options);
    },
  });

  it("no setting of the repository is run, and git is asked three things only", async () => {
    git("init", "--quiet");
    git("remote", "add", "origin", "https://github.com/octocat/training.git");
    writeFileSync(path.join(folder, ".gitattributes"), "* filter=x diff=x\n");
    writeFileSync(path.join(folder, "config.json"), "{}\n");
    for (const [key, value] of SETTINGS(trap())) git("config", key, value);
    for (const hook of ["post-index-change", "fsmonitor-watchman", "pre-auto-gc", "reference-transaction"]) {
      mkdirSync(path.join(folder, ".git", "hooks"), { recursive: true });
      writeFileSync(path.join(folder, ".git", "hooks", hook), `#!/bin/sh\n${trap()}\n`);
      chmodSync(path.join(folder, ".git", "hooks", hook), 0o755);
    }
    // Without the settings that init adds, the trap works: else this test could not fail.
    execFileSync("git", ["-C", folder, "status"], { stdio: "pipe" });
    assert.ok(existsSync(pwned()));
    rmSync(pwned());

    commands.length = 0;
    const found = await readGitRepository(io(), folder);
    assert.deepEqual(found?.remotes, [
      { place: "github", host: "github.com", repository: "octocat/training" },
    ]);
    assert.deepEqual(found.workspaceConfigs, [path.join(folder, "config.json")]);
    assert.ok(!existsSync(pwned()));
    const settings = ["-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit", "-C", folder];
    assert.deepEqual(commands, [
      [...settings, "rev-parse", "--show-toplevel"],
      [...settings, "remote", "-v"],
      [...settings, "ls-files", "-z", "-co", "--exclude-standard", "*config.json"],
    ]);
  });

  it("a folder that is a bare repository is told, and nothing of it is run", async () => {
    execFileSync("git", ["init", "--quiet", "--bare", folder]);
    git("config", "core.bare", "false");
    git("config", "core.worktree", folder);
    git("config", "core.fsmonitor", trap());
    await assert.rejects(readGitRepository(io(), folder), /safe\.bareRepository/);
    assert.ok(!existsSync(pwned()));
  });

  it("only 'not a git repository' means that there is none", async () => {
    assert.equal(await readGitRepository(io(), folder), undefined);
    const dubious = {
      ...io(),
      run: () =>
        Promise.resolve({
          exitCode: 128,
          signal: undefined,
          stdout: "",
          stderr: "fatal: detected dubious ownership in repository at '/srv/x'\n",
        }),
    };
    await assert.rejects(readGitRepository(dubious, folder), /dubious ownership/);
  });

  it("an alias of the user's SSH configuration is the host that it stands for", async () => {
    git("init", "--quiet");
    git("remote", "add", "origin", "git@work:octocat/training.git");
    const aliased = {
      ...io(),
      run: (...[program, args, options]: Parameters<typeof run>) =>
        program === "ssh"
          ? Promise.resolve({
              exitCode: 0,
              signal: undefined,
              stdout: "user git\nhostname github.com\n",
              stderr: "",
            })
          : run(program, args, options),
    };
    assert.deepEqual((await readGitRepository(aliased, folder))?.remotes, [
      { place: "github", host: "github.com", repository: "octocat/training" },
    ]);
  });
});
