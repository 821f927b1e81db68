import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { instanceTag, PROGRAM_TAG } from "../../components/plan/ownership";
import { COMPONENT } from "../../cli/audit/deployment";
import { IDS, SOON, URNS } from "./audit-fixture";
import { useAuditStage } from "./audit-stage";
import { addOwnSecret } from "./own-things";

/** More than any system gives. */
const NO_PROCESS = 0x7fff_fff0;
const OWN = [PROGRAM_TAG, instanceTag(IDS.instance)];

describe("himl-sp repair", function () {
  this.timeout(60_000);
  const stage = useAuditStage();

  const applications = () =>
    stage.rig.azure.control
      .state()
      .applications.filter(({ initial }) => !initial)
      .map(({ displayName }) => displayName)
      .sort();

  it("nothing to repair: Pulumi is not run", async () => {
    const { exitCode, stdout, stderr } = await stage.run(["repair", "--yes"]);
    assert.deepEqual(
      { exitCode, stdout, stderr },
      { exitCode: 0, stdout: "", stderr: "There is nothing to repair.\n" },
    );
    assert.deepEqual(await stage.changes(), []);
  });

  it("shows its plan; without a terminal and --yes nothing is changed", async () => {
    await stage.rig.createApplication("lost", { tags: OWN });
    await stage.lock({ pid: NO_PROCESS, hostname: hostname() });
    const { exitCode, stderr } = await stage.run(["repair"]);
    assert.equal(exitCode, 2);
    assert.match(
      stderr,
      /^To mend it:\n {2}1\. Unlock the stack, since .*\n {2}2\. Remove the application lost .*\n {2}3\. `pulumi up`\nhiml-sp: NOBODY_TO_ASK: /,
    );
    assert.deepEqual(applications(), ["himl-ws-ml-dev", "lost"]);
    assert.deepEqual(await stage.locks(), ["one.json"]);
  });

  it("unlocks where the holder was on this machine and has ended", async () => {
    await stage.lock({ pid: NO_PROCESS, hostname: hostname() });
    const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(await stage.locks(), []);
    assert.deepEqual(await stage.changes(), ["up --yes --skip-preview"]);
  });

  for (const [whose, holder] of Object.entries({
    "a process that lives": { pid: process.pid, hostname: hostname() },
    "another machine": { pid: NO_PROCESS, hostname: "elsewhere" },
  })) {
    it(`the lock of ${whose} is for a person to judge, and nothing else is done`, async () => {
      await stage.rig.createApplication("lost", { tags: OWN });
      await stage.lock(holder);
      const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /^himl-sp: STACK_LOCKED: .* ada@.* holds it with the process \d+\. .*`pulumi cancel`\n$/s,
      );
      assert.deepEqual(applications(), ["himl-ws-ml-dev", "lost"]);
      assert.deepEqual(await stage.locks(), ["one.json"]);
    });
  }

  it("while something is removed the stack is locked, so that no run can begin", async () => {
    await stage.rig.createApplication("lost", { tags: OWN });
    const fault = stage.rig.azure.control.addFault({
      match: { method: "DELETE" },
      answer: 503,
      retryAfter: 1,
    });
    const running = stage.run(["repair", "--yes"]);
    await fault.struck;
    const [lock] = await stage.locks();
    const holder = JSON.parse(await readFile(path.join(stage.folderOf("locks"), lock!), "utf8")) as object;
    assert.deepEqual(Object.keys(holder), ["pid", "username", "hostname", "timestamp"]);
    assert.equal((await running).exitCode, 0);
    assert.deepEqual(await stage.locks(), []);
  });

  it("a backend that only Pulumi knows: asks it whether somebody runs, before anything is removed", async () => {
    await stage.rig.createApplication("lost", { tags: OWN });
    const whoami = { args: ["whoami"], stdout: JSON.stringify({ url: "azblob://states" }) };
    const locked = {
      args: ["refresh"],
      exitCode: 255,
      stderr:
        "error: the stack is currently locked by 1 lock(s).\n  azblob://states/…: created by eve@ci (pid 7) at …\n",
    };
    await stage.answer([whoami, locked]);
    const { findings, unanswered } = await stage.audit();
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["ORPHAN_APPLICATION"],
    );
    assert.equal(unanswered[0]!.question, "Is the stack locked?");
    const refused = await stage.run(["repair", "--yes"]);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /^himl-sp: STACK_LOCKED: .*created by eve@ci \(pid 7\).*`pulumi cancel`/ms);
    assert.deepEqual(applications(), ["himl-ws-ml-dev", "lost"]);

    await stage.answer([whoami]);
    assert.equal((await stage.run(["repair", "--yes"])).exitCode, 0);
    assert.deepEqual(applications(), ["himl-ws-ml-dev"]);
  });

  it("Pulumi Cloud says itself that a run is under way", async () => {
    await stage.answer([
      { args: ["whoami"], stdout: JSON.stringify({ url: "https://api.pulumi.com/ada" }) },
      { args: ["stack", "--show-name"], stdout: "ada/himl-service-principal/dev\n" },
      {
        args: ["stack", "ls"],
        stdout: JSON.stringify([
          { name: "ada/himl-service-principal/other" },
          { name: "dev", updateInProgress: true },
        ]),
      },
      { args: ["stack", "history"], stdout: "[]" },
    ]);
    assert.deepEqual(await stage.codes(), ["STACK_LOCKED"]);
  });

  describe("after destroy", () => {
    const destroyed = {};
    beforeEach(() => stage.answer([], destroyed));

    it("the instance ID is from the newest run of the history that knows one; there is no up", async () => {
      await stage.addHistory(1, "update", { resources: [] });
      await stage.addHistory(2, "update", stage.deployment);
      await stage.addHistory(3, "destroy", destroyed);
      const { instanceIds, instanceIdsFrom, findings } = await stage.audit();
      assert.deepEqual([instanceIds, instanceIdsFrom], [[IDS.instance], "history"]);
      assert.deepEqual(
        findings.map(({ code }) => code),
        ["ORPHAN_ROLE", "ORPHAN_APPLICATION"],
      );
      const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(applications(), []);
      assert.deepEqual(
        stage.rig.azure.control.state().roleAssignments.filter(({ initial }) => !initial),
        [],
      );
      assert.deepEqual(await stage.changes(), []);
    });

    it("without a history --instance names it; without that, nothing is provably ours", async () => {
      const unknown = await stage.audit();
      assert.equal(unknown.exitCode, 0, unknown.stderr);
      assert.deepEqual(
        unknown.findings.map(({ code, repair }) => [code, repair]),
        [["OTHER_INSTANCE", null]],
      );
      assert.ok(unknown.unanswered.some(({ code }) => code === "INSTANCE_UNKNOWN"));
      const env = { ARM_SUBSCRIPTION_ID: stage.rig.azure.subscriptionId };
      const { exitCode, stderr } = await stage.run(["repair", "--yes", "--instance", IDS.instance], env);
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(applications(), []);
    });

    it("from Pulumi Cloud, by the versions of the history", async () => {
      await stage.answer(
        [
          { args: ["whoami"], stdout: JSON.stringify({ url: "https://api.pulumi.com/ada" }) },
          { args: ["stack", "ls"], stdout: "[]" },
          {
            args: ["stack", "history"],
            stdout: JSON.stringify([
              { kind: "destroy", version: 2 },
              { kind: "update", version: 1 },
            ]),
          },
          { args: ["stack", "export", "--version", "2"], stdout: JSON.stringify({ deployment: destroyed }) },
          {
            args: ["stack", "export", "--version", "1"],
            stdout: JSON.stringify({ deployment: stage.deployment }),
          },
        ],
        destroyed,
      );
      const { instanceIds, instanceIdsFrom } = await stage.audit();
      assert.deepEqual([instanceIds, instanceIdsFrom], [[IDS.instance], "history"]);
    });
  });

  describe("what is left of an instance before a destroy, in a stack that is up again", () => {
    const former = "0f4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c99";
    const earlier = () =>
      JSON.parse(
        JSON.stringify(stage.deployment).replaceAll(IDS.instance, former),
      ) as typeof stage.deployment;

    beforeEach(async () => {
      await stage.rig.createApplication("lost", { tags: [PROGRAM_TAG, instanceTag(former)] });
    });

    it("is this stack's by its history", async () => {
      await stage.addHistory(1, "update", earlier());
      await stage.addHistory(2, "destroy", {});
      await stage.addHistory(3, "update", stage.deployment);
      assert.deepEqual(await stage.codes(), ["ORPHAN_APPLICATION"]);
      const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(applications(), ["himl-ws-ml-dev"]);
    });

    it("is not where nothing says that it was destroyed: it may live on in another stack", async () => {
      await stage.addHistory(1, "update", earlier());
      await stage.addHistory(2, "update", stage.deployment);
      assert.deepEqual(await stage.codes(), ["OTHER_INSTANCE"]);
      await stage.addHistory(3, "destroy", stage.deployment);
      await stage.addHistory(4, "update", stage.deployment);
      assert.deepEqual(await stage.codes(), ["OTHER_INSTANCE"]);
    });

    it("is by the history of Pulumi Cloud, which is asked only where there is something of another instance", async () => {
      const versions = { 3: stage.deployment, 2: {}, 1: earlier() };
      const runs = Object.keys(versions).map((version) => ({
        kind: version === "2" ? "destroy" : "update",
        version: Number(version),
      }));
      const cloud = [
        { args: ["whoami"], stdout: JSON.stringify({ url: "https://api.pulumi.com/ada" }) },
        { args: ["stack", "ls"], stdout: "[]" },
        { args: ["stack", "history"], stdout: JSON.stringify(runs.reverse()) },
        ...Object.entries(versions).map(([version, deployment]) => ({
          args: ["stack", "export", "--version", version],
          stdout: JSON.stringify({ deployment }),
        })),
      ];
      await stage.answer(cloud);
      assert.deepEqual(await stage.codes(), ["ORPHAN_APPLICATION"]);
      await stage.reset();
      await stage.answer(cloud);
      assert.deepEqual(await stage.codes(), []);
      const asked = (await stage.pulumi.calls("pulumi")).map(({ args }) => args.slice(0, 2).join(" "));
      assert.ok(!asked.includes("stack history"));
    });
  });

  it("a destroy that did not finish is not undone by an up", async () => {
    await stage.addHistory(1, "destroy", stage.deployment);
    await stage.lock({ pid: NO_PROCESS, hostname: hostname() });
    const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
    assert.equal(exitCode, 0, stderr);
    assert.match(
      stderr,
      /^To mend it:\n {2}1\. Unlock .*\n {2}No `pulumi up`: the last run was a `pulumi destroy` that did not finish\.\n.*Run `pulumi destroy` again, or `pulumi up`\.\n$/s,
    );
    assert.deepEqual(await stage.changes(), []);
  });

  it("of a stack that is half destroyed, the principal is left to the next destroy: it goes with its application", async () => {
    const resources = stage.deployment.resources!.filter(({ urn }) => urn !== URNS.principal);
    await stage.answer([], { resources });
    assert.deepEqual(await stage.codes(), ["PRINCIPAL_NOT_RECORDED"]);
    await stage.addHistory(1, "destroy", stage.deployment);
    const { ok: isOk, findings } = await stage.audit();
    assert.deepEqual([isOk, findings.map(({ code }) => code)], [true, ["DESTROY_UNFINISHED"]]);
    const { stderr } = await stage.run(["repair", "--yes"]);
    assert.match(stderr, /^There is nothing to repair\.\n/);
  });

  it("a secret that the outputs name and the state has lost: a destroy that was killed, unless a refresh found it missing", async () => {
    const details = { secrets: [{}], roles: [{}], trusts: [] };
    const state = (isGone: boolean) => ({
      resources: stage.deployment
        .resources!.filter(({ urn }) => !isGone || urn !== URNS.secret)
        .map((one) => (one.type === COMPONENT ? { ...one, outputs: { ...one.outputs, details } } : one)),
    });
    await stage.answer([], state(true));
    await stage.addHistory(1, "update", state(false));
    assert.ok((await stage.codes()).includes("DESTROY_UNFINISHED"));
    // As that of a repair which reads anew what was under way.
    await stage.addHistory(2, "refresh", state(true));
    await stage.addHistory(3, "refresh", state(true));
    assert.ok((await stage.codes()).includes("DESTROY_UNFINISHED"));
    await stage.addHistory(2, "refresh", state(true), 1);
    assert.ok(!(await stage.codes()).includes("DESTROY_UNFINISHED"));
  });

  it("an up that was killed after a destroy that finished: it goes on with an up", async () => {
    await stage.addHistory(1, "destroy", {});
    await stage.lock({ pid: NO_PROCESS, hostname: hostname() });
    assert.equal((await stage.run(["repair", "--yes"])).exitCode, 0);
    assert.deepEqual(await stage.changes(), ["up --yes --skip-preview"]);
  });

  describe("replication lag", () => {
    /** A secret that the stack made just now, and that Azure shows only later. */
    const addSecret = async (lag: number) => {
      stage.rig.azure.control.setReplicationLag({ secret: lag });
      const more = { endDateTime: SOON };
      const { keyId } = (await addOwnSecret(stage.rig, stage.ids.application, "b", more)) as {
        keyId: string;
      };
      const created = new Date().toISOString();
      const resources = stage.deployment.resources!.map((one) => ({ ...one, created }));
      const other = resources.find(({ urn }) => urn === URNS.secret)!;
      const made = { ...other, urn: `${other.urn}-of-now`, outputs: { ...other.outputs, keyId } };
      await stage.answer([], { resources: [...resources, made] });
    };

    it("what was made shortly before is looked for again, and is not taken for missing", async () => {
      await addSecret(6);
      const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
      assert.equal(exitCode, 0, stderr);
      assert.match(
        stderr,
        /^Azure may not yet show everywhere what was made or changed last: looking again for .* at most\.\nThere is nothing to repair\.\n$/,
      );
      assert.deepEqual(await stage.changes(), []);
    });

    it("--wait 0s: for those who know that it is gone", async () => {
      await addSecret(60);
      const { stderr } = await stage.run(["repair", "--yes", "--wait", "0s"]);
      assert.match(stderr, /^To mend it:\n {2}1\. `pulumi refresh` of .*-of-now, and of nothing else\n/);
    });
  });

  it("--no-up: for those who destroy next", async () => {
    await stage.lock({ pid: NO_PROCESS, hostname: hostname() });
    assert.equal((await stage.run(["repair", "--yes", "--no-up"])).exitCode, 0);
    assert.deepEqual(await stage.changes(), []);
  });

  describe("its own requests fail until it gives up", () => {
    for (const [what, fault] of Object.entries({
      "a removal is refused": { match: { method: "DELETE" }, answer: 500, times: 3 } as const,
      "the reading fails": { match: { path: "/roleAssignments$" }, answer: 500, times: 3 } as const,
    })) {
      it(`${what}: running it again finishes`, async () => {
        const orphan = await stage.rig.createApplication("lost", { tags: OWN });
        await stage.rig.graph("POST", `/applications/${orphan.id}/addPassword`, {});
        await addOwnSecret(stage.rig, stage.ids.application, "b");
        stage.rig.azure.control.addFault(fault);
        await stage.run(["repair", "--yes"]);
        stage.rig.azure.control.clearFaults();
        const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
        assert.equal(exitCode, 0, stderr);
        assert.deepEqual(applications(), ["himl-ws-ml-dev"]);
        assert.deepEqual(await stage.codes(), ["DELETED_APPLICATION"]);
      });
    }
  });

  it("--purge: the recycle bin's, principal and all, and nothing of another instance", async () => {
    const { control } = stage.rig.azure;
    for (const [name, instance] of Object.entries({ ours: IDS.instance, theirs: IDS.other })) {
      const app = await stage.rig.createApplication(name, { tags: [PROGRAM_TAG, instanceTag(instance)] });
      await stage.rig.graph("POST", "/servicePrincipals", { appId: app.appId });
      await stage.rig.graph("DELETE", `/applications/${app.id}`);
    }
    assert.deepEqual(await stage.codes(), ["DELETED_APPLICATION"]);
    const without = await stage.run(["repair", "--yes"]);
    assert.match(without.stderr, /^There is nothing to repair\.\n$/);
    const { exitCode, stderr } = await stage.run(["repair", "--yes", "--purge"]);
    assert.equal(exitCode, 0, stderr);
    assert.match(
      stderr,
      /^To mend it:\n {2}1\. Delete permanently, which cannot be undone: application ours /,
    );
    const left = control.state().deletedItems.map(({ kind, displayName }) => [kind, displayName]);
    assert.deepEqual(left.sort(), [
      ["application", "theirs"],
      ["servicePrincipal", "theirs"],
    ]);
    assert.deepEqual(await stage.changes(), []);
  });
});
