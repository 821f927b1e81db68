import assert from "node:assert/strict";
import { ok, refused, useRig } from "./rig";

describe("local Azure: keys of a key vault", () => {
  const rig = useRig();
  const send = (
    path: string,
    json?: object,
    login = rig.azure.control.createCaller({ displayName: "k", role: "Key Vault Crypto Officer" }),
  ) => rig.vault(json === undefined ? "GET" : "POST", path, json, login, "kv-keys");
  const text = Buffer.from("one").toString("base64url");

  beforeEach(async () => {
    rig.azure.control.createKeyVault({ name: "kv-keys" });
    ok(await send("/keys/state/create", { kty: "RSA" }));
  });

  for (const alg of ["RSA-OAEP-256", "RSA-OAEP", "RSA1_5"])
    it(`${alg}: what a version encrypts, that version decrypts, and no other one`, async () => {
      const { key } = ok(await send("/keys/state"));
      const version = new URL(String((key as { kid: unknown }).kid)).pathname;
      const { value } = ok(await send("/keys/state/encrypt", { alg, value: text }));
      ok(await send("/keys/state/create", { kty: "RSA" }));
      assert.equal(ok(await send(`${version}/decrypt`, { alg, value })).value, text);
      refused(await send("/keys/state/decrypt", { alg, value }), "400 BadParameter");
    });

  it("[?] an expired key does not encrypt, but decrypts", async () => {
    const exp = Math.floor(rig.azure.control.now().getTime() / 1000) + 3600;
    ok(await send("/keys/short/create", { kty: "RSA", attributes: { exp } }));
    const { value } = ok(await send("/keys/short/encrypt", { alg: "RSA-OAEP", value: text }));
    rig.azure.control.advanceClock({ seconds: 7200 });
    refused(await send("/keys/short/encrypt", { alg: "RSA-OAEP", value: text }), "403 Forbidden");
    assert.equal(ok(await send("/keys/short/decrypt", { alg: "RSA-OAEP", value })).value, text);
  });

  it("a text that is too long for the key, and other kinds of key, are refused", async () => {
    const long = Buffer.alloc(300).toString("base64url");
    refused(await send("/keys/state/encrypt", { alg: "RSA-OAEP", value: long }), "400 BadParameter");
    refused(await send("/keys/curve/create", { kty: "EC" }), "400 BadParameter");
  });

  it("a role for keys says nothing about secrets, and an access policy names keys by themselves", async () => {
    const { control } = rig.azure;
    const user = control.createCaller({ displayName: "u", role: "Key Vault Crypto User" });
    refused(await send("/secrets", undefined, user), "403 Forbidden");
    refused(await send("/keys/state/create", { kty: "RSA" }, user), "403 Forbidden");
    control.createKeyVault({ name: "kv-policies", rbac: false });
    control.setAccessPolicy("kv-policies", { objectId: user.objectId, secrets: [], keys: ["list"] });
    ok(await rig.vault("GET", "/keys", undefined, user, "kv-policies"));
    refused(await rig.vault("GET", "/keys/state", undefined, user, "kv-policies"), "403 Forbidden");
  });
});
