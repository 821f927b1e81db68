import assert from "node:assert/strict";
import { type Answer, type Json, type Login, ok, refused, useRig } from "./rig";

const DAY_SECONDS = 86_400;

describe("local Azure: deleted secrets of a key vault", () => {
  const rig = useRig();

  const caller = (role: string): Login => rig.azure.control.createCaller({ displayName: "someone", role });
  const write = (secret: string, value: string): Promise<Answer> =>
    rig.arm("PUT", `${rig.group}/providers/Microsoft.KeyVault/vaults/kv-test/secrets/${secret}`, {
      properties: { value },
    });
  const values = async (secret: string, login: Login): Promise<Json> =>
    ok(await rig.vault("GET", `/secrets/${secret}`, undefined, login, "kv-test"));

  let officer: Login;

  beforeEach(() => {
    rig.azure.control.createKeyVault({ name: "kv-test", softDeleteRetentionInDays: 30 });
    officer = caller("Key Vault Secrets Officer");
  });

  const remove = (name: string, login: Login = officer, vault = "kv-test") =>
    rig.vault("DELETE", `/secrets/${name}`, undefined, login, vault);

  beforeEach(async () => {
    ok(await write("password", "one"), 201);
  });

  it("says until when a secret can be recovered, and from then on it is gone", async () => {
    const deleted = ok(await remove("password"));
    const days = (Number(deleted.scheduledPurgeDate) - Number(deleted.deletedDate)) / DAY_SECONDS;
    assert.equal(days, 30);
    assert.equal(deleted.recoveryId, "https://kv-test.vault.azure.net/deletedsecrets/password");
    assert.equal(deleted.attributes.recoveryLevel, "CustomizedRecoverable+Purgeable");
    const path = "/deletedsecrets/password";
    assert.deepEqual(ok(await rig.vault("GET", path, undefined, officer, "kv-test")), deleted);
    refused(await remove("password"), "404 SecretNotFound");
    refused(
      await rig.vault("PUT", "/secrets/password", { value: "two" }, officer, "kv-test"),
      "409 Conflict",
      "Secret password is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.",
    );
    rig.azure.control.advanceClock({ days: 30 });
    refused(await rig.vault("GET", path, undefined, officer, "kv-test"), "404 SecretNotFound");
    ok(await write("password", "two"), 201);
  });

  it("takes its time where replication lags: until then a secret is neither there nor among the deleted", async () => {
    const path = "/deletedsecrets/password";
    const vault = (method: string, at: string, json?: object) =>
      rig.vault(method, at, json, officer, "kv-test");
    const beingDeleted = /currently being deleted/;
    rig.azure.control.setReplicationLag({ deletedSecret: 10 });
    ok(await remove("password"));
    refused(await vault("GET", path), "404 SecretNotFound", "Deleted Secret not found: password");
    refused(await vault("GET", "/secrets/password"), "404 SecretNotFound");
    refused(await write("password", "two"), "409 Conflict", beingDeleted);
    for (const [method, at] of [
      ["POST", `${path}/recover`],
      ["DELETE", path],
    ] as const)
      refused(await vault(method, at), "409 Conflict", beingDeleted);
    rig.azure.control.advanceClock({ seconds: 11 });
    ok(await vault("GET", path));
    ok(await vault("POST", `${path}/recover`));
    refused(await vault("GET", "/secrets/password"), "404 SecretNotFound");
    const put = await vault("PUT", "/secrets/password", { value: "two" });
    refused(put, "409 Conflict", /currently being recovered/);
    assert.deepEqual(put.body.error.innererror, { code: "ObjectIsBeingRecovered" });
    rig.azure.control.advanceClock({ seconds: 11 });
    ok(await write("password", "two"));
    assert.equal((await values("password", officer)).value, "two");
  });

  it("a secret that is recovered is there at once, with its versions", async () => {
    ok(await write("password", "two"));
    ok(await remove("password"));
    ok(await rig.vault("POST", "/deletedsecrets/password/recover", undefined, officer, "kv-test"));
    assert.equal((await values("password", officer)).value, "two");
    const { value } = ok(await rig.vault("GET", "/secrets/password/versions", undefined, officer, "kv-test"));
    assert.equal(value.length, 2);
    ok(await write("password", "three"));
  });

  it("[?] a secret that is purged is gone at once; a protected vault refuses that", async () => {
    rig.azure.control.createKeyVault({ name: "kv-safe", purgeProtection: true });
    ok(await rig.vault("PUT", "/secrets/password", { value: "one" }, officer, "kv-safe"));
    for (const vault of ["kv-test", "kv-safe"]) ok(await remove("password", officer, vault));
    const purge = (vault: string) =>
      rig.vault("DELETE", "/deletedsecrets/password", undefined, officer, vault);
    assert.equal((await purge("kv-test")).status, 204);
    ok(await write("password", "two"), 201);
    refused(await purge("kv-safe"), "403 Forbidden", /purge protection is enabled/);
  });

  it("lists what can be recovered, and state() shows it with its hash only", async () => {
    ok(await remove("password"));
    const { value } = ok(await rig.vault("GET", "/deletedsecrets", undefined, officer, "kv-test"));
    assert.deepEqual(
      value.map(({ id }) => id),
      ["https://kv-test.vault.azure.net/secrets/password"],
    );
    const state = rig.azure.control.state().vaults.find(({ name }) => name === "kv-test")!;
    const [secret] = state.secrets;
    assert.ok(secret!.deletedDateTime);
    assert.match(secret!.versions[0]!.sha256, /^[0-9a-f]{64}$/);
    assert.ok(!JSON.stringify(state).includes('"one"'));
  });

  it("[?] deleting needs a right of its own, and looking at what is deleted needs readMetadata", async () => {
    refused(await remove("password", caller("Key Vault Secrets User")), "403 Forbidden", /secrets\/delete'/);
    ok(await remove("password"));
    const reader = caller("Key Vault Reader");
    ok(await rig.vault("GET", "/deletedsecrets/password", undefined, reader, "kv-test"));
  });
});
