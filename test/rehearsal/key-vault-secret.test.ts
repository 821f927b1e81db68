import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as keyvault from "@pulumi/azure-native/keyvault";
import * as pulumi from "@pulumi/pulumi";
import type { LocalAzure } from "../../local-azure/local-azure";
import { asAdmin, openWorld, requireEngine } from "./support";

const VAULT = "kv-test";
const EXPIRES = 2_000_000_000;

function program({ resourceGroup: resourceGroupName }: LocalAzure): Promise<Record<string, unknown>> {
  const config = new pulumi.Config();
  const secret = new keyvault.Secret("secret", {
    resourceGroupName,
    vaultName: config.get("vault") ?? VAULT,
    secretName: "password",
    properties: {
      value: pulumi.secret(config.get("value") ?? "one"),
      contentType: config.get("contentType") ?? "text/plain",
      attributes: { expires: EXPIRES },
    },
    tags: { of: "me" },
  });
  const { properties } = keyvault.getVaultOutput({ resourceGroupName, vaultName: VAULT });
  return Promise.resolve({
    id: secret.id,
    expires: secret.properties.attributes?.apply((attributes) => attributes?.expires),
    days: properties.softDeleteRetentionInDays,
  });
}

describe("the stand-in of azure-native's Secret, under the real engine", () => {
  let world: Awaited<ReturnType<typeof openWorld>>;

  before(async function () {
    world = await openWorld(await requireEngine(this), program);
  });

  beforeEach(async () => {
    await world.reset();
    await world.session.configure({ value: undefined, contentType: undefined, vault: undefined });
    world.azure.control.createKeyVault({ name: VAULT });
    giveDataRights("Key Vault Secrets Officer");
  });

  after(() => world?.close());

  /** What the stand-in's caller may do in the data plane; as Owner alone it may nothing there. */
  function giveDataRights(role: string): void {
    const { control, admin } = world.azure;
    control.createGroup({ displayName: role, members: [admin.objectId], role });
  }

  const secretOf = (vault = VAULT) =>
    world.azure.control.state().vaults.find(({ name }) => name === vault)?.secrets[0];
  const hash = (value: string) => createHash("sha256").update(value).digest("hex");
  const valuesOf = () => secretOf()?.versions.map(({ sha256 }) => sha256);

  it("previews without a call that writes; creates; then nothing changes, not even after a refresh", async () => {
    assert.deepEqual((await world.session.preview()).counts, { create: 2 });
    assert.equal(secretOf(), undefined);
    const { outputs } = await world.session.up();
    const { subscriptionId, resourceGroup } = world.azure;
    assert.deepEqual(outputs, {
      id: `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.KeyVault/vaults/${VAULT}/secrets/password`,
      expires: EXPIRES,
      days: 90,
    });
    assert.deepEqual(valuesOf(), [hash("one")]);
    assert.deepEqual((await world.session.refresh()).counts, { same: 2 });
    assert.deepEqual((await world.session.preview()).counts, { same: 2 });
  });

  it("writes a new version for a new value, in place, and keeps both out of the state in the clear", async () => {
    await world.session.up();
    await world.session.configure({ value: "Kennwort-of-mine" });
    const step = (await world.session.up()).steps.find(({ name }) => name === "secret");
    assert.deepEqual([step?.operation, step?.changes], ["update", { "properties.value": "update" }]);
    assert.deepEqual(valuesOf(), [hash("one"), hash("Kennwort-of-mine")]);
    assert.ok(!JSON.stringify(await world.session.exportState()).includes("Kennwort-of-mine"));
  });

  it("moves to another vault by deleting first, as azure-native does where the program gives the name", async () => {
    world.azure.control.createKeyVault({ name: "kv-other" });
    await world.session.up();
    await world.session.configure({ vault: "kv-other" });
    const { steps } = await world.session.up();
    assert.deepEqual(
      steps.filter(({ name }) => name === "secret").map(({ operation }) => operation),
      ["delete-replaced", "replace", "create-replacement"],
    );
    assert.ok(secretOf()?.deletedDateTime);
    assert.equal(secretOf("kv-other")?.deletedDateTime, null);
  });

  it("takes back what somebody else says about it; another value alone is not seen", async () => {
    const { outputs } = await world.session.up();
    await writeByHand(String(outputs["id"]), { value: "theirs", attributes: { exp: EXPIRES } });
    await world.session.refresh();
    const planned = await world.session.preview();
    assert.deepEqual(planned.steps.find(({ name }) => name === "secret")?.changes, {
      "properties.contentType": "add",
      tags: "add",
    });
    await world.session.up();
    await writeByHand(
      String(outputs["id"]),
      { value: "theirs", contentType: "text/plain", attributes: { exp: EXPIRES } },
      { of: "me" },
    );
    assert.deepEqual((await world.session.refresh()).counts, { same: 2 });
    assert.deepEqual((await world.session.preview()).counts, { same: 2 });
  });

  it("refuses a name that is taken", async () => {
    const { outputs } = await world.session.up();
    await world.session.restore("start");
    await assert.rejects(world.session.up(), {
      code: "ENGINE_FAILED",
      message: new RegExp(`cannot create already existing resource '${String(outputs["id"])}'`),
    });
  });

  it("deletes in the vault, and recovers the name at the next up, with its versions", async () => {
    await world.session.up();
    world.azure.control.clearRequests();
    await world.session.destroy();
    const calls = world.azure.control.requests().filter(({ api }) => api === "vault");
    assert.deepEqual(
      calls.map(({ method, path, status }) => [method, path, status]),
      [
        ["DELETE", "/secrets/password", 401],
        ["DELETE", "/secrets/password", 200],
      ],
    );
    assert.ok(secretOf()?.deletedDateTime);
    await world.session.configure({ value: "two" });
    await world.session.up();
    assert.equal(secretOf()?.deletedDateTime, null);
    assert.deepEqual(valuesOf(), [hash("one"), hash("two")]);
  });

  it("cannot delete without a right in the vault, nor behind its firewall", async () => {
    world.azure.control.createKeyVault({ name: "kv-closed", firewall: true });
    await world.session.configure({ vault: "kv-closed" });
    await world.session.up();
    await assert.rejects(world.session.destroy(), {
      message: /Status=403 Code="Forbidden" Message="Client address is not authorized/,
    });
    await world.session.restore("start");
    await world.session.configure({ vault: "kv-ml" });
    await world.session.up();
    await assert.rejects(world.session.destroy(), { message: /does not have secrets delete permission/ });
  });

  it("says what Resource Manager says where the name is soft-deleted and nobody may recover it", async () => {
    const { control, admin } = world.azure;
    control.setAccessPolicy("kv-ml", { objectId: admin.objectId, secrets: ["delete"] });
    await world.session.configure({ vault: "kv-ml" });
    await world.session.up();
    await world.session.destroy();
    await assert.rejects(world.session.up(), {
      message:
        /Status=409 Code="Conflict" Message="Secret password is currently in a deleted but recoverable/,
    });
    control.setAccessPolicy("kv-ml", { objectId: admin.objectId, secrets: ["get"] });
    await assert.rejects(world.session.up(), { message: /failed to recover soft-deleted secret password/ });
  });

  it("takes a deletion of what is gone for done", async () => {
    await world.session.up();
    await asAdmin(world.azure, async (connection) => {
      const call = { method: "DELETE", path: "/secrets/password?api-version=7.6" } as const;
      assert.equal((await connection.callKeyVault(VAULT, call, [])).status, 200);
    });
    assert.deepEqual((await world.session.destroy()).counts, { delete: 2 });
  });

  async function writeByHand(id: string, properties: object, tags?: object): Promise<void> {
    await asAdmin(world.azure, async (connection) => {
      const body = { properties, ...(tags === undefined ? {} : { tags }) };
      const call = { method: "PUT", path: `${id}?api-version=2024-11-01`, body } as const;
      assert.equal((await connection.callResourceManager(call, [])).status, 200);
    });
  }
});
