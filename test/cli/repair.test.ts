import assert from "node:assert/strict";
import { hostname } from "node:os";
import { instanceTag, managedBy, PROGRAM_TAG } from "../../components/plan/ownership";
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

  const lockedBy = (holder: string) => ({
    args: ["refresh"],
    exitCode: 255,
    stderr: `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.\n  azblob://states/.pulumi/locks/a.json: created by ${holder} at 2026-11-25T10:00:00Z\n`,
    times: 1,
  });
  const GONE = `ada@${hostname()} (pid ${NO_PROCESS})`;

  it("nothing to repair", async () => {
    const { exitCode, stdout, stderr } = await stage.run(["repair", "--yes"]);
    assert.deepEqual(
      { exitCode, stdout, stderr },
      { exitCode: 0, stdout: "", stderr: "There is nothing to repair.\n" },
    );
    assert.deepEqual(await stage.changes(), []);
  });

  it("shows its plan; without a terminal and --yes nothing is changed", async () => {
    await stage.rig.createApplication("lost", { tags: OWN });
    const { exitCode, stderr } = await stage.run(["repair"]);
    assert.equal(exitCode, 2);
    assert.match(
      stderr,
      /^This would repair it:\n {2}1\. Remove the application lost .*\n {2}2\. `pulumi up`\nhiml-sp: NOBODY_TO_ASK: /,
    );
    assert.deepEqual(applications(), ["himl-ws-ml-dev", "lost"]);
  });

  describe("a lock, which Pulumi tells of where it refuses a command", () => {
    it("of a process of this machine that has ended: removed", async () => {
      await stage.answer([lockedBy(GONE)]);
      const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, /^Unlock the stack, .*\nThere is nothing else to repair\.\n$/);
      assert.deepEqual(await stage.changes(), ["cancel --yes"]);
    });

    const ASKED = {
      "of a process that lives": lockedBy(`ada@${hostname()} (pid ${process.pid})`),
      "of another machine": lockedBy(`ada@elsewhere (pid ${NO_PROCESS})`),
      "that was cut off while it was written": {
        ...lockedBy(GONE),
        stderr: "error: unexpected end of JSON input\n",
      },
      "of Pulumi Cloud": {
        ...lockedBy(GONE),
        stderr: "error: [409] Conflict: Another update is currently in progress.\n",
      },
    };
    for (const [what, refusal] of Object.entries(ASKED)) {
      it(`${what}: quoted; only a person can say that it may go, and --yes is no such answer`, async () => {
        await stage.rig.createApplication("lost", { tags: OWN });
        await stage.answer([{ ...refusal, times: 3 }]);
        const refused = await stage.run(["repair", "--yes"]);
        assert.equal(refused.exitCode, 1);
        assert.match(
          refused.stderr,
          /\nhiml-sp: STACK_LOCKED: .*`pulumi cancel`, then `himl-sp repair` again\.\n$/s,
        );
        assert.ok(refused.stderr.includes(refusal.stderr.trim().split("\n").at(-1)!.trim()), refused.stderr);
        assert.equal((await stage.run(["repair"], {}, ["yes", "no"])).exitCode, 1);
        assert.deepEqual(applications(), ["himl-ws-ml-dev", "lost"]);
        assert.deepEqual(await stage.changes(), []);

        await stage.answer([refusal]);
        const { exitCode, stderr } = await stage.run(["repair"], {}, ["yes", "yes"]);
        assert.equal(exitCode, 0, stderr);
        assert.deepEqual(applications(), ["himl-ws-ml-dev"]);
        assert.deepEqual(await stage.changes(), ["cancel --yes", "up --yes --skip-preview"]);
      });
    }

    it("the passphrase is wrong: said so, with the way on", async () => {
      await stage.answer([{ args: ["refresh"], exitCode: 255, stderr: "error: incorrect passphrase\n" }]);
      const { stderr } = await stage.run(["repair", "--yes"]);
      assert.match(stderr, /^himl-sp: PASSPHRASE_WRONG: .*\n {2}The passphrase is wrong: /s);
    });
  });

  it("a damaged state: the page with the commands", async () => {
    const failing = {
      exitCode: 255,
      stderr: "error: failed to load checkpoint: place 1: unexpected end of JSON input\n",
    };
    await stage.answer([{ args: ["stack", "export"], ...failing }]);
    assert.match((await stage.run(["audit"])).stderr, /docs\/after-a-broken-run\.md/);
  });

  describe("records in the state that keep the next run from succeeding", () => {
    const repairState = async (change: (urn: string) => object, added: object[] = []) => {
      const resources = [
        ...stage.deployment.resources!.map((one) => ({ ...one, ...change(one.urn) })),
        ...added,
      ] as NonNullable<typeof stage.deployment.resources>;
      await stage.answer([], { resources });
      const { findings } = await stage.audit();
      await stage.run(["repair", "--yes", "--wait", "0s"]);
      const imported = (await stage.tools.calls("pulumi")).find(({ args }) => args[1] === "import");
      const state = imported && (JSON.parse(imported.stdin) as { deployment: typeof stage.deployment });
      return { codes: findings.map(({ code }) => code), state: state?.deployment };
    };

    it("a taint of each, and of all at once", async () => {
      const { codes, state } = await repairState((urn) => (urn.includes("$") ? { taint: true } : {}));
      assert.ok(codes.length >= 5 && codes.every((code) => code === "RESOURCE_TAINTED"), codes.join());
      assert.deepEqual(state, stage.deployment);
    });

    it("a secret that is marked as somebody else's", async () => {
      const { codes, state } = await repairState((urn) => (urn === URNS.secret ? { external: true } : {}));
      assert.deepEqual(codes, ["RESOURCE_EXTERNAL"]);
      assert.equal(state!.resources!.find(({ urn }) => urn === URNS.secret)!.external, undefined);
    });

    it("a replaced principal that is the one in use: its record goes, and it stays", async () => {
      const principal = stage.deployment.resources!.find(({ urn }) => urn === URNS.principal)!;
      const { codes, state } = await repairState(() => ({}), [{ ...principal, delete: true }]);
      assert.deepEqual(codes, ["REPLACED_IN_USE"]);
      assert.deepEqual(state, stage.deployment);
      assert.equal(
        stage.rig.azure.control.state().servicePrincipals.some(({ id }) => id === stage.ids.principal),
        true,
      );
    });

    it("a replaced secret that still logs in: an up removes it", async () => {
      const { keyId } = (await addOwnSecret(stage.rig, stage.ids.application, "b", {
        endDateTime: SOON,
      })) as { keyId: string };
      const secret = stage.deployment.resources!.find(({ urn }) => urn === URNS.secret)!;
      const id = `${stage.ids.application}/password/${keyId}`;
      const waiting = { ...secret, id, outputs: { ...secret.outputs, keyId }, delete: true };
      assert.deepEqual((await repairState(() => ({}), [waiting])).codes, ["REPLACED_SECRET"]);
      assert.deepEqual(await stage.changes(), ["up --yes --skip-preview"]);
    });
  });

  describe("after destroy, when nothing records the instance", () => {
    const DESCRIPTION = managedBy({ project: "himl-service-principal", stack: "dev" });
    const describeOurs = (description: string) =>
      stage.rig.graph("PATCH", `/applications/${stage.ids.application}`, { description });
    beforeEach(() => stage.answer([{ args: ["stack", "history"], stdout: "null" }], null));

    it("an application that is named as this stack's is shown and asked about, never taken by --yes", async () => {
      await describeOurs(`For hi-ml. ${DESCRIPTION}`);
      const { findings, instanceIds } = await stage.audit();
      assert.deepEqual(
        [findings.map(({ code, repair }) => [code, repair]), instanceIds],
        [[["FORMER_INSTANCE", null]], []],
      );
      await stage.run(["repair", "--yes"]);
      assert.equal((await stage.run(["repair"], {}, ["no"])).exitCode, 0);
      assert.deepEqual(applications(), ["himl-ws-ml-dev"]);
      const env = { ARM_SUBSCRIPTION_ID: stage.rig.azure.subscriptionId };
      const { exitCode, stderr } = await stage.run(["repair"], env, ["yes", "yes"]);
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, /^The application himl-ws-ml-dev \(client ID .*\) is named as this stack's/);
      assert.deepEqual(applications(), []);
      assert.deepEqual(
        stage.rig.azure.control.state().roleAssignments.filter(({ initial }) => !initial),
        [],
      );
      assert.deepEqual(await stage.changes(), [
        "refresh --yes --skip-preview",
        "refresh --yes --skip-preview",
        "refresh --yes --skip-preview",
      ]);
    });

    it("one of another stack, and one without a name, is nobody's to be asked about; --instance names it", async () => {
      await describeOurs("Managed by Pulumi: project himl-service-principal, stack dev-2.");
      assert.deepEqual(await stage.codes(), ["OTHER_INSTANCE"]);
      const env = { ARM_SUBSCRIPTION_ID: stage.rig.azure.subscriptionId };
      const { exitCode, stderr } = await stage.run(["repair", "--yes", "--instance", IDS.instance], env);
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(applications(), []);
    });
  });

  describe("a destroy that did not finish is not undone by an up", () => {
    const UP_OR_DESTROY =
      /No `pulumi up`: .*Now run `pulumi destroy` again; or `pulumi up`, which makes the stack whole\.\n$/s;
    beforeEach(() => stage.rig.createApplication("lost", { tags: OWN }));

    it("as the history says where it failed", async () => {
      const history = [
        { kind: "refresh", result: "succeeded" },
        { kind: "destroy", result: "failed" },
      ];
      await stage.answer([{ args: ["stack", "history"], stdout: JSON.stringify(history) }]);
      const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, UP_OR_DESTROY);
      assert.deepEqual(await stage.changes(), []);
    });

    it("as the outputs say where it was killed; the principal is then left to the next one", async () => {
      const details = {
        secrets: [{}],
        roles: [{}],
        trusts: [],
        servicePrincipalObjectId: stage.ids.principal,
      };
      const resources = stage.deployment
        .resources!.filter(({ urn }) => urn !== URNS.principal)
        .map((one) => (one.type === COMPONENT ? { ...one, outputs: { ...one.outputs, details } } : one));
      await stage.answer([], { resources });
      assert.deepEqual(await stage.codes(), ["ORPHAN_APPLICATION", "DESTROY_UNFINISHED"]);
      assert.match((await stage.run(["repair", "--yes"])).stderr, UP_OR_DESTROY);
      assert.deepEqual(await stage.changes(), []);
    });

    it("but an up that was killed after a destroy that finished goes on with an up", async () => {
      await stage.answer([
        { args: ["stack", "history"], stdout: '[{"kind":"destroy","result":"succeeded"}]' },
      ]);
      assert.equal((await stage.run(["repair", "--yes"])).exitCode, 0);
      assert.deepEqual(await stage.changes(), ["up --yes --skip-preview"]);
    });
  });

  it("--json: what was done, and what is left to a person", async () => {
    await stage.rig.createApplication("lost", { tags: OWN });
    await stage.rig.graph("POST", `/applications/${stage.ids.application}/addPassword`, {});
    const { stdout } = await stage.run(["repair", "--yes", "--json"]);
    const {
      ok: isOk,
      done,
      left,
    } = JSON.parse(stdout) as { ok: boolean; done: string[]; left: { code: string }[] };
    assert.deepEqual([isOk, done.length, left.map(({ code }) => code)], [true, 2, ["UNMANAGED_SECRET"]]);
    const failed = await stage.run(["repair", "--json"], { ARM_CLIENT_SECRET: "wrong" });
    assert.equal((JSON.parse(failed.stdout) as { code: string }).code, "AADSTS7000215");
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
      assert.match(
        stderr,
        /^This would repair it:\n {2}1\. `pulumi refresh` of .*-of-now, and of nothing else\n/,
      );
    });
  });

  it("--no-up: for those who destroy next", async () => {
    await stage.rig.createApplication("lost", { tags: OWN });
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
      /^This would repair it:\n {2}1\. Delete permanently, which cannot be undone: application ours /,
    );
    const left = control.state().deletedItems.map(({ kind, displayName }) => [kind, displayName]);
    assert.deepEqual(left.sort(), [
      ["application", "theirs"],
      ["servicePrincipal", "theirs"],
    ]);
    assert.deepEqual(await stage.changes(), []);
  });
});
