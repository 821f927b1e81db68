import assert from "node:assert/strict";
import { readdir, readFile, stat, truncate } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { asAdmin, requireEngine } from "../rehearsal/support";
import { useShared } from "../support/shared";
import { run } from "../../cli/tools/process";
import { REPOSITORY, runCommand } from "./command";
import { RealStack } from "./real-stack";

describe("himl-sp repair, on the real engine", function () {
  this.timeout(240_000);
  const stack = useShared(async (context) => RealStack.create(await requireEngine(context)));
  afterEach(() => stack.azure.control.clearFaults());

  const stateFolder = (what: string, ...below: string[]) =>
    path.join(stack.folder, "state", ".pulumi", what, ...below, "himl-service-principal");
  const up = () => stack.pulumi("up", "--yes", "--skip-preview");
  const made = () => {
    const { applications, servicePrincipals, roleAssignments } = stack.azure.control.state();
    const own = <T extends { initial: boolean }>(list: readonly T[]) =>
      list.filter(({ initial }) => !initial);
    return {
      applications: own(applications).length,
      secrets: own(applications).flatMap(({ passwords }) => passwords.map(({ keyId }) => keyId)),
      principals: own(servicePrincipals).length,
      roles: own(roleAssignments).length,
    };
  };
  const repair = async (...args: string[]) => {
    const { exitCode, stderr } = await stack.himlSp("repair", "--yes", "--wait", "0s", ...args);
    assert.equal(exitCode, 0, stderr);
    return stderr;
  };
  /** Nothing to do, and the password that the stack hands out logs in. */
  const assertWhole = async () => {
    const audit = await stack.himlSp("audit");
    assert.equal(audit.exitCode, 0, `${audit.stdout}\n${audit.stderr}`);
    const json = await stack.expectPulumi("stack", "output", "--json", "--show-secrets");
    const { details, ...variables } = JSON.parse(json) as Record<string, string> & {
      details: { secrets: { keyId: string }[] };
    };
    const env = { ...stack.azure.public, ...variables };
    const verified = await runCommand(["verify", "--from", "environment"], { env });
    assert.equal(verified.exitCode, 0, verified.stderr);
    assert.deepEqual(made().secrets.sort(), details.secrets.map(({ keyId }) => keyId).sort());
  };

  it("an answer that was lost, destroy, repair: the application that is named as the stack's, and nothing is left", async () => {
    const { control } = stack.azure;
    control.addFault({
      match: { method: "POST", path: "/applications$" },
      carriedOut: true,
      answer: "reset",
      times: 1,
    });
    assert.notEqual((await up()).exitCode, 0);
    assert.equal(made().applications, 1);
    await stack.expectPulumi("destroy", "--yes", "--skip-preview");
    assert.equal(made().applications, 1, "the stack did not know of it");
    const { findings } = JSON.parse((await stack.himlSp("audit", "--json")).stdout) as {
      findings: { code: string; remedy: string }[];
    };
    const former = findings.find(({ code }) => code === "FORMER_INSTANCE");
    await repair("--instance", /--instance ([0-9a-f-]{36})/.exec(former!.remedy)![1]!);
    assert.deepEqual(made(), { applications: 0, secrets: [], principals: 0, roles: 0 });
  });

  it("a killed engine: lock, pending operation and a secret that nobody has", async function () {
    if (process.platform === "win32") return this.skip();
    assert.equal((await up()).exitCode, 0);
    const locks = path.join(stateFolder("locks", "organization"), "dev");
    await stack.expectPulumi("config", "set", "secretGeneration", "2");
    const fault = stack.azure.control.addFault({
      match: { method: "POST", path: "/addPassword$" },
      carriedOut: true,
      answer: "hang",
    });
    const running = up();
    await fault.struck;
    const [lock] = await readdir(locks);
    const { pid } = JSON.parse(await readFile(path.join(locks, lock!), "utf8")) as { pid: number };
    process.kill(pid, "SIGKILL");
    await running;
    stack.azure.control.clearFaults();
    // The process is gone for the system a moment after the signal.
    await sleep(100);

    const { findings } = JSON.parse((await stack.himlSp("audit", "--json")).stdout) as {
      findings: { code: string }[];
    };
    const codes = findings.map(({ code }) => code).filter((code) => code !== "DELETED_APPLICATION");
    assert.deepEqual(codes, ["PENDING_OPERATIONS", "ORPHAN_SECRET"]);
    await repair();
    await assertWhole();
  });

  it("a state that is cut in half: the commands of the page, and a repair goes on", async function () {
    if (process.platform === "win32") return this.skip();
    const file = path.join(stateFolder("stacks"), "dev.json");
    await truncate(file, Math.floor((await stat(file)).size / 2));
    const refused = await stack.himlSp("audit");
    assert.match(refused.stderr, /docs\/after-a-broken-run\.md/);
    const page = await readFile(path.join(REPOSITORY, "docs", "after-a-broken-run.md"), "utf8");
    const [, commands] = /```sh\n(cd \.pulumi\/stacks\/.*?)```/s.exec(page)!;
    const finished = await run("/bin/sh", ["-ec", commands!], {
      cwd: path.join(stack.folder, "state"),
      env: {},
    });
    assert.equal(finished.exitCode, 0, finished.stderr);
    await repair();
    assert.equal((await up()).exitCode, 0);
    await assertWhole();
  });

  it("a secret and a role that somebody removed: refreshed by themselves, and made anew", async () => {
    const { control } = stack.azure;
    const { applications, roleAssignments } = control.state();
    const application = applications.find(({ initial }) => !initial)!;
    const role = roleAssignments.find(({ initial }) => !initial)!;
    await asAdmin(stack.azure, async (connection) => {
      const path = `/applications/${application.id}/removePassword`;
      const { keyId } = application.passwords[0]!;
      await connection.callGraph({ method: "POST", path, body: { keyId } }, []);
      await connection.callResourceManager(
        { method: "DELETE", path: `${role.id}?api-version=2022-04-01` },
        [],
      );
    });
    assert.match(await repair(), /`pulumi refresh` of himl-\S+, himl-\S+, and of nothing else/);
    await assertWhole();
  });
});
