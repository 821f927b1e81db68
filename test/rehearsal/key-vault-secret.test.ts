import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as keyvault from "@pulumi/azure-native/keyvault";
import * as pulumi from "@pulumi/pulumi";
import { type LocalAzure, type Snapshot, startLocalAzure } from "../../local-azure/local-azure";
import { keyVaultSecret } from "../../rehearsal/stand-ins/azure-native/key-vault-secret";
import type { AzureConnection } from "../../rehearsal/stand-ins/azure-connection";
import { diffResource } from "../../rehearsal/stand-ins/property-diff";
import type { Properties } from "../../rehearsal/stand-ins/property-values";
import { asAdmin, openWorld, requireEngine } from "./support";

const VAULT = "kv-test";
const EXPIRES = 2_000_000_000;

function program({ resourceGroup: resourceGroupName }: LocalAzure): Promise<Record<string, unknown>> {
  const config = new pulumi.Config();
  const secret = new keyvault.Secret("secret", {
    resourceGroupName,
    vaultName: VAULT,
    secretName: "password",
    properties: {
      value: pulumi.secret(config.get("value") ?? "one"),
      contentType: "text/plain",
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

const hash = (value: string) => createHash("sha256").update(value).digest("hex");
const secretOf = (azure: LocalAzure, vault = VAULT) =>
  azure.control.state().vaults.find(({ name }) => name === vault)?.secrets[0];
const valuesOf = (azure: LocalAzure) => secretOf(azure)?.versions.map(({ sha256 }) => sha256);

/** What the stand-in's caller may do in the data plane; as Owner alone it may nothing there. */
function giveDataRights({ control, admin }: LocalAzure): void {
  const role = "Key Vault Secrets Officer";
  control.createGroup({ displayName: role, members: [admin.objectId], role });
}

describe("the stand-in of azure-native's Secret, under the real engine", () => {
  let world: Awaited<ReturnType<typeof openWorld>>;

  before(async function () {
    world = await openWorld(await requireEngine(this), program);
  });

  beforeEach(async () => {
    await world.reset();
    await world.session.configure({ value: undefined });
    world.azure.control.createKeyVault({ name: VAULT });
    giveDataRights(world.azure);
  });

  after(() => world?.close());

  it("previews without a write, creates, changes nothing after a refresh, and writes a new version in place", async () => {
    assert.deepEqual((await world.session.preview()).counts, { create: 2 });
    assert.equal(secretOf(world.azure), undefined);
    const { outputs } = await world.session.up();
    const { subscriptionId, resourceGroup } = world.azure;
    assert.deepEqual(outputs, {
      id: `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.KeyVault/vaults/${VAULT}/secrets/password`,
      expires: EXPIRES,
      days: 90,
    });
    assert.deepEqual((await world.session.refresh()).counts, { same: 2 });
    assert.deepEqual((await world.session.preview()).counts, { same: 2 });
    await world.session.configure({ value: "Kennwort-of-mine" });
    const step = (await world.session.up()).steps.find(({ name }) => name === "secret");
    assert.deepEqual([step?.operation, step?.changes], ["update", { "properties.value": "update" }]);
    assert.deepEqual(valuesOf(world.azure), [hash("one"), hash("Kennwort-of-mine")]);
    assert.ok(!JSON.stringify(await world.session.exportState()).includes("Kennwort-of-mine"));
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
    assert.ok(secretOf(world.azure)?.deletedDateTime);
    await world.session.configure({ value: "two" });
    await world.session.up();
    assert.equal(secretOf(world.azure)?.deletedDateTime, null);
    assert.deepEqual(valuesOf(world.azure), [hash("one"), hash("two")]);
  });
});

describe("the stand-in of azure-native's Secret", () => {
  let azure: LocalAzure;
  let fresh: Snapshot;

  before(async () => {
    azure = await startLocalAzure();
    azure.control.createKeyVault({ name: VAULT });
    azure.control.createKeyVault({ name: "kv-closed", firewall: true });
    giveDataRights(azure);
    fresh = azure.control.snapshot();
  });

  afterEach(() => azure.control.restore(fresh));

  after(() => azure?.close());

  const inputsFor = (vaultName: string): Properties => ({
    resourceGroupName: azure.resourceGroup,
    vaultName,
    secretName: "password",
    properties: { value: "one", contentType: "text/plain", attributes: { expires: EXPIRES } },
    tags: { of: "me" },
  });
  const withAzure = <T>(action: (connection: AzureConnection) => Promise<T>) => asAdmin(azure, action);
  const create = (vault = VAULT) =>
    withAzure((connection) => keyVaultSecret.create(connection, inputsFor(vault)));
  const remove = (id: string) => withAzure((connection) => keyVaultSecret.delete(connection, id, {}));

  it("refuses a name that is taken", async () => {
    const { id } = await create();
    await assert.rejects(create(), { message: `cannot create already existing resource '${id}'` });
  });

  it("moves to another vault by deleting first where the program gives the name, as azure-native does", () => {
    const [olds, news] = [inputsFor(VAULT), inputsFor("kv-other")];
    assert.deepEqual(diffResource(keyVaultSecret, {}, olds, news).replacingInputs, ["vaultName"]);
    assert.equal(keyVaultSecret.deletesBeforeReplacing?.(olds), true);
    const { inputs } = keyVaultSecret.check!({ ...news, secretName: undefined }, {});
    assert.match(String(inputs["secretName"]), /^secret[0-9a-f]{8}$/);
    assert.equal(keyVaultSecret.deletesBeforeReplacing?.(inputs), false);
  });

  it("sees what somebody else says about a secret, and no other value; then it can say it again", async () => {
    const { id, outputs } = await create();
    const writeByHand = (properties: object, tags?: object) =>
      withAzure(async (connection) => {
        const body = { properties, ...(tags === undefined ? {} : { tags }) };
        const call = { method: "PUT", path: `${id}?api-version=2024-11-01`, body } as const;
        assert.equal((await connection.callResourceManager(call, [])).status, 200);
      });
    const changes = async () => {
      const read = await withAzure((connection) => keyVaultSecret.read(connection, id, outputs));
      const inputs = keyVaultSecret.inputsAfterRead!(inputsFor(VAULT), outputs, read!.outputs);
      return Object.fromEntries(diffResource(keyVaultSecret, {}, inputs, inputsFor(VAULT)).changes);
    };
    assert.deepEqual(await changes(), {});
    await writeByHand({ value: "theirs", attributes: { exp: EXPIRES + 1 } });
    assert.deepEqual(await changes(), {
      "properties.attributes.expires": "UPDATE",
      "properties.contentType": "ADD",
      tags: "ADD",
    });
    const { contentType } = inputsFor(VAULT)["properties"] as { contentType: string };
    await writeByHand({ value: "theirs", contentType, attributes: { exp: EXPIRES } }, { of: "me" });
    assert.deepEqual(await changes(), {});
  });

  it("cannot delete behind the vault's firewall, nor without a right in it", async () => {
    await assert.rejects(remove((await create("kv-closed")).id), {
      message: /^Status=403 Code="Forbidden" Message="Client address is not authorized/,
    });
    await assert.rejects(remove((await create("kv-ml")).id), {
      message: /does not have secrets delete permission/,
    });
  });

  it("says what Resource Manager says where the name is soft-deleted and nobody may recover it", async () => {
    const { objectId } = azure.admin;
    azure.control.setAccessPolicy("kv-ml", { objectId, secrets: ["delete"] });
    await remove((await create("kv-ml")).id);
    await assert.rejects(create("kv-ml"), {
      message: /^Status=409 Code="Conflict" Message="Secret password is currently in a deleted but recover/,
    });
    azure.control.setAccessPolicy("kv-ml", { objectId, secrets: ["get"] });
    await assert.rejects(create("kv-ml"), {
      message: /^failed to recover soft-deleted secret password: Status=403 /,
    });
  });

  it("takes a deletion of what is gone for done, and reads it as gone", async () => {
    const { id } = await create();
    await remove(id);
    await remove(id);
    assert.equal(await withAzure((connection) => keyVaultSecret.read(connection, id, {})), undefined);
  });
});
