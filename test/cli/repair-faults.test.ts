import assert from "node:assert/strict";
import { instanceTag, PROGRAM_TAG } from "../../components/plan/ownership";
import { ok } from "../local-azure/rig";
import { IDS, URNS } from "./audit-fixture";
import { useAuditStage } from "./audit-stage";
import { addOwnSecret, addOwnTrust, assignOwnRole } from "./own-things";

const OWN = [PROGRAM_TAG, instanceTag(IDS.instance)];
const REPAIR = ["repair", "--yes", "--purge", "--wait", "0s"];

describe("himl-sp repair: faults of its own requests", function () {
  this.timeout(120_000);
  const stage = useAuditStage();
  /** With one of everything that a repair removes. */
  let littered: ReturnType<typeof stage.rig.azure.control.snapshot>;
  /** What a repair that nothing disturbs writes, in this order. */
  let writes: { method: string; path: string }[];
  /** What it leaves. */
  let clean: string;

  const litter = async () => {
    const { rig, ids } = stage;
    const restored = await rig.createApplication("deleted", { tags: OWN });
    ok(await rig.graph("POST", "/servicePrincipals", { appId: restored.appId }), 201);
    ok(await rig.graph("DELETE", `/applications/${restored.id}`), 204);
    const lost = await rig.createApplication("lost", { tags: OWN });
    ok(await rig.graph("POST", `/applications/${lost.id}/addPassword`, {}));
    const theirs = await rig.createApplication("theirs", {});
    ok(await rig.graph("POST", "/servicePrincipals", { appId: theirs.appId, tags: OWN }), 201);
    await addOwnSecret(rig, ids.application, "b");
    await addOwnTrust(rig, ids.application, {
      name: "lost",
      issuer: "https://token.actions.githubusercontent.com",
      subject: "repo:o/r:ref:refs/heads/lost",
    });
    await assignOwnRole(rig, ids.principal, rig.workspace);
  };

  /** All but what stands for the time of a deletion. */
  const left = () =>
    JSON.stringify(stage.rig.azure.control.state(), (key, value: unknown) =>
      key === "deletedDateTime" || key === "deletedAt" ? undefined : value,
    );

  const assertFinishes = async (what: string) => {
    const { exitCode, stderr } = await stage.run(REPAIR);
    assert.equal(exitCode, 0, `${what}: ${stderr}`);
    assert.equal(left(), clean, what);
  };

  before(async () => {
    await litter();
    const { control } = stage.rig.azure;
    littered = control.snapshot();
    control.clearRequests();
    const { exitCode, stderr } = await stage.run(REPAIR);
    assert.equal(exitCode, 0, stderr);
    writes = control.requests().filter(({ method, api }) => method !== "GET" && api !== "oauth");
    clean = left();
  });
  beforeEach(() => stage.rig.azure.control.restore(littered));
  afterEach(() => stage.rig.azure.control.clearFaults());

  it("they are these, in this order", () => {
    assert.deepEqual(
      writes.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/g, "{id}")}`),
      [
        `DELETE ${stage.rig.workspace.replace(/[0-9a-f-]{36}/g, "{id}")}/providers/Microsoft.Authorization/roleAssignments/{id}`,
        "POST /v1.0/applications/{id}/removePassword",
        "DELETE /v1.0/applications/{id}/federatedIdentityCredentials/{id}",
        "DELETE /v1.0/servicePrincipals/{id}",
        "POST /v1.0/applications/{id}/removePassword",
        "DELETE /v1.0/applications/{id}",
        "DELETE /v1.0/directory/deletedItems/{id}",
        "DELETE /v1.0/directory/deletedItems/{id}",
        "DELETE /v1.0/directory/deletedItems/{id}",
      ],
    );
  });

  const match = ({ method, path }: { method: string; path: string }) => ({ method, path: `^${path}$` });

  it("the answer to each of them is lost: it asks again, and takes what is gone for removed", async () => {
    const { control } = stage.rig.azure;
    for (const write of writes)
      control.addFault({ match: match(write), carriedOut: true, answer: "reset", times: 1 });
    const { exitCode, stderr } = await stage.run(REPAIR);
    assert.deepEqual(control.faults(), []);
    assert.equal(exitCode, 0, stderr);
    await assertFinishes("lost");
    assert.match((await stage.run(REPAIR)).stderr, /^There is nothing to repair\.\n$/);
  });

  it("it is killed after each of them: running it again finishes", async () => {
    const { control } = stage.rig.azure;
    for (const write of writes) {
      control.restore(littered);
      await stage.killAt({ match: match(write), carriedOut: true, answer: "hang" }, REPAIR);
      await assertFinishes(`killed after ${write.method} ${write.path}`);
    }
  });

  describe("a command of Pulumi fails", () => {
    for (const failing of ["stack import", "refresh", "up"]) {
      it(`${failing}: unfinished, and running it again finishes`, async () => {
        const resource = stage.deployment.resources!.find(({ urn }) => urn === URNS.secret)!;
        const stuck = { ...stage.deployment, pending_operations: [{ resource, type: "updating" }] };
        await stage.rig.graph("POST", `/applications/${stage.ids.application}/removePassword`, {
          keyId: stage.ids.secret,
        });
        await stage.answer([{ args: failing.split(" "), exitCode: 255, stderr: "error: no" }], stuck);
        const { exitCode, stderr } = await stage.run(REPAIR);
        assert.equal(exitCode, 1);
        assert.match(stderr, /^himl-sp: (PULUMI_FAILED|REPAIR_UNFINISHED): .*`pulumi /m);
        // Where it was imported, nothing is pending any more.
        await stage.tools.forgetCalls();
        await stage.answer([], failing === "stack import" ? stuck : stage.deployment);
        await stage.run(REPAIR);
        const calls = (await stage.changes()).map((call) => call.replace(/ --.*/, ""));
        const all = ["stack import", "refresh", "up"];
        assert.deepEqual(calls, failing === "stack import" ? all : all.slice(1));
      });
    }
  });
});
