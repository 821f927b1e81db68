import assert from "node:assert/strict";
import {
  type Answer,
  ARM_SCOPE,
  type Json,
  type Login,
  ok,
  refused,
  UNAUTHORIZED,
  UNKNOWN_ID,
  useRig,
  VAULT_SCOPE,
} from "./rig";

const OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";

describe("local Azure: Key Vault", () => {
  const rig = useRig();

  const pathOf = (vault: string, secret = "") =>
    `${rig.group}/providers/Microsoft.KeyVault/vaults/${vault}${secret === "" ? "" : `/secrets/${secret}`}`;
  const caller = (role?: string): Login & { objectId: string } =>
    rig.azure.control.createCaller({ displayName: "someone", ...(role === undefined ? {} : { role }) });
  const write = (secret: string, value: string, more: object = {}, tags: object = {}): Promise<Answer> =>
    rig.arm("PUT", pathOf("kv-test", secret), { properties: { value, ...more }, tags });
  const values = async (secret: string, login?: Login): Promise<Json> =>
    ok(await rig.vault("GET", `/secrets/${secret}`, undefined, login, "kv-test"));

  let officer: ReturnType<typeof caller>;

  beforeEach(() => {
    rig.azure.control.createKeyVault({ name: "kv-test", softDeleteRetentionInDays: 30 });
    officer = caller("Key Vault Secrets Officer");
  });

  describe("in Resource Manager", () => {
    it("the workspace's vault is there: with access policies, of which one is that of the workspace", async () => {
      const { properties, identity } = ok(await rig.arm("GET", rig.workspace));
      const vault = ok(await rig.arm("GET", String(properties.keyVault)));
      assert.equal(vault.name, "kv-ml");
      assert.equal(vault.properties.enableRbacAuthorization, false);
      const [policy] = vault.properties.accessPolicies as { objectId: string }[];
      assert.equal(policy!.objectId, identity.principalId);
    });

    it("every workspace has a vault of its own", async () => {
      const { subscriptionId, resourceGroup } = rig.azure;
      rig.azure.control.createWorkspace({ subscriptionId, resourceGroup, name: "ws-two" });
      const { value } = ok(
        await rig.arm("GET", `${rig.group}/providers/Microsoft.MachineLearningServices/workspaces`),
      );
      const vaults = value.map(({ properties }) => String(properties.keyVault));
      assert.equal(new Set(vaults).size, 2);
      for (const vault of vaults) ok(await rig.arm("GET", vault));
    });

    it("vaults are listed where the caller may read them", async () => {
      const path = "/providers/Microsoft.KeyVault/vaults";
      const subscription = `/subscriptions/${rig.azure.subscriptionId}`;
      for (const scope of [rig.group, subscription]) {
        const { value } = ok(await rig.arm("GET", scope + path));
        assert.deepEqual(
          value.map(({ name }) => name),
          ["kv-ml", "kv-test"],
        );
      }
      assert.deepEqual(ok(await rig.arm("GET", subscription + path, undefined, caller())).value, []);
    });

    it("vaults are among the resources of a subscription, by type and by name", async () => {
      const list = (filter: string) =>
        rig.arm(
          "GET",
          `/subscriptions/${rig.azure.subscriptionId}/resources?$filter=${encodeURIComponent(filter)}`,
        );
      const byType = "resourceType eq 'Microsoft.KeyVault/vaults'";
      assert.equal(ok(await list(byType)).value.length, 2);
      const [found, ...others] = ok(await list(`${byType} and name eq 'kv-test'`)).value;
      assert.deepEqual([found!.id, others], [pathOf("kv-test"), []]);
      refused(await list("tagName eq 'a'"), "400 UnsupportedQuery");
    });

    it("[?] a secret is new (201), then it has a new version (200); its value is never shown", async () => {
      const first = ok(
        await write("password", "one", { contentType: "text/plain", attributes: { exp: 2_000_000_000 } }),
        201,
      );
      assert.equal(first.properties.value, undefined);
      assert.deepEqual(first.properties.attributes.exp, 2_000_000_000);
      const second = ok(await write("password", "one", {}, { of: "me" }));
      assert.notEqual(second.properties.secretUriWithVersion, first.properties.secretUriWithVersion);
      assert.deepEqual(ok(await rig.arm("GET", pathOf("kv-test", "password"))), second);
      assert.equal((await values("password", officer)).value, "one");
    });

    it("[?] a change without a value makes no new version, and one with a value does", async () => {
      const made = ok(await write("password", "one", { contentType: "text/plain" }), 201);
      const path = pathOf("kv-test", "password");
      const changed = ok(await rig.arm("PATCH", path, { tags: { of: "me" } }));
      assert.equal(changed.properties.secretUriWithVersion, made.properties.secretUriWithVersion);
      assert.deepEqual(changed.properties.contentType, "text/plain");
      const written = ok(await rig.arm("PATCH", path, { properties: { value: "two" } }));
      assert.notEqual(written.properties.secretUriWithVersion, made.properties.secretUriWithVersion);
    });

    it("writing is a right of its own in ARM: neither Reader nor who may everything with the data has it", async () => {
      const body = { properties: { value: "one" } };
      for (const role of ["Reader", "Key Vault Secrets Officer", "Key Vault Administrator"]) {
        const answer = await rig.arm("PUT", pathOf("kv-test", "password"), body, caller(role));
        refused(answer, UNAUTHORIZED, /'Microsoft\.KeyVault\/vaults\/secrets\/write'/);
      }
      for (const role of ["Contributor", "Key Vault Contributor"])
        assert.ok((await rig.arm("PUT", pathOf("kv-test", "password"), body, caller(role))).status < 300);
    });

    it("[?] a soft-deleted name cannot be seen, and cannot be written", async () => {
      ok(await write("password", "one"), 201);
      ok(await rig.vault("DELETE", "/secrets/password", undefined, officer, "kv-test"));
      refused(await rig.arm("GET", pathOf("kv-test", "password")), "404 SecretNotFound");
      assert.deepEqual(ok(await rig.arm("GET", `${pathOf("kv-test")}/secrets`)).value, []);
      refused(await write("password", "two"), "409 Conflict", /deleted but recoverable state/);
    });

    it("[?] names that no secret can have are refused, and so are bodies without a value", async () => {
      refused(await write("pass_word", "one"), "400 BadRequest");
      refused(await rig.arm("PUT", pathOf("kv-test", "a"), { properties: {} }), "400 InvalidRequestContent");
    });

    it("no such vault", async () => {
      const message =
        "The Resource 'Microsoft.KeyVault/vaults/kv-none' under resource group 'rg-ml' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix";
      refused(await rig.arm("GET", pathOf("kv-none")), "404 ResourceNotFound", message);
      refused(await rig.arm("GET", pathOf("kv-none", "a")), "404 ResourceNotFound", message);
    });

    it("its firewall does not stop Resource Manager", async () => {
      rig.azure.control.createKeyVault({ name: "kv-closed", firewall: true });
      const body = { properties: { value: "one" } };
      ok(await rig.arm("PUT", pathOf("kv-closed", "password"), body), 201);
      const acls = ok(await rig.arm("GET", pathOf("kv-closed"))).properties.networkAcls as Json;
      assert.equal(acls.defaultAction, "Deny");
    });
  });

  describe("in a vault", () => {
    it("who asks without a token is told where to get one, and for what", async () => {
      const path = "/secrets/password?api-version=7.4";
      const byPublicHost = await rig.call("GET", path, { headers: { host: "kv-test.vault.azure.net" } });
      refused(byPublicHost, "401 Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.");
      assert.equal(
        byPublicHost.headers["www-authenticate"],
        `Bearer authorization="https://login.microsoftonline.com/${rig.azure.tenantId}", resource="https://vault.azure.net"`,
      );
      const { port } = new URL(rig.azure.url);
      const local = await rig.call("GET", path, { headers: { host: `kv-test.vault.localhost:${port}` } });
      assert.equal(
        local.headers["www-authenticate"],
        `Bearer authorization="${rig.azure.url}/${rig.azure.tenantId}", resource="https://vault.localhost:${port}"`,
      );
    });

    it("[?] tokens for something else, and no tokens at all, are refused", async () => {
      const headers = { host: "kv-test.vault.azure.net" };
      const path = "/secrets?api-version=7.4";
      const arm = await rig.token("https://management.azure.com/.default");
      refused(await rig.call("GET", path, { headers, token: arm }), "401 Unauthorized", /^AKV10022/);
      refused(await rig.call("GET", path, { headers, token: "x.y.z" }), "401 Unauthorized");
    });

    it("[?] an api-version that is missing or unknown is refused, rights first", async () => {
      const headers = { host: "kv-test.vault.azure.net" };
      const token = await rig.token(VAULT_SCOPE, officer);
      for (const path of ["/secrets", "/secrets?api-version=6.0"])
        refused(await rig.call("GET", path, { headers, token }), "400 BadParameter");
    });

    it("the addresses in answers lead back the way the client came", async () => {
      const { port } = new URL(rig.azure.url);
      const host = `kv-test.vault.localhost:${port}`;
      const token = await rig.token(`https://vault.localhost:${port}/.default`, officer);
      const answer = await rig.call("PUT", "/secrets/a?api-version=7.6", {
        headers: { host },
        token,
        json: { value: "one" },
      });
      assert.ok(ok(answer).id.startsWith(`https://${host}/secrets/a/`), answer.text);
      const shown = ok(await rig.arm("GET", pathOf("kv-test", "a")));
      assert.equal(shown.properties.secretUri, `https://${host}/secrets/a`);
      assert.match(String((await values("a", officer)).id), /^https:\/\/kv-test\.vault\.azure\.net\//);
    });

    it("Owner may nothing with the data; roles say who may what, also on one secret alone", async () => {
      ok(await write("password", "one"), 201);
      const read = (login?: Login) => rig.vault("GET", "/secrets/password", undefined, login, "kv-test");
      const refusal = await read();
      refused(refusal, "403 Forbidden", /Action: 'Microsoft\.KeyVault\/vaults\/secrets\/getSecret\/action'/);
      assert.deepEqual(refusal.body.error.innererror, { code: "ForbiddenByRbac" });
      const user = caller("Key Vault Secrets User");
      ok(await read(user));
      refused(
        await rig.vault("PUT", "/secrets/password", { value: "two" }, user, "kv-test"),
        "403 Forbidden",
        /setSecret\/action/,
      );
      const reader = caller("Key Vault Reader");
      refused(await read(reader), "403 Forbidden");
      ok(await rig.vault("GET", "/secrets", undefined, reader, "kv-test"));
      const one = rig.azure.control.createCaller({
        displayName: "one",
        role: "Key Vault Secrets User",
        scope: pathOf("kv-test", "password"),
      });
      ok(await read(one));
      refused(await rig.vault("GET", "/secrets/other", undefined, one, "kv-test"), "403 Forbidden");
    });

    it("a role is assigned on a vault by Resource Manager", async () => {
      const reader = caller();
      ok(await write("password", "one"), 201);
      ok(await rig.assign(reader.objectId, OFFICER, pathOf("kv-test")), 201);
      assert.equal((await values("password", reader)).value, "one");
    });

    it("without roles, access policies say it: by permission, for a principal or a group", async () => {
      const { control } = rig.azure;
      const [one, member] = [caller("Key Vault Administrator"), caller()];
      const { objectId } = control.createGroup({ displayName: "readers", members: [member.objectId] });
      refused(
        await rig.vault("GET", "/secrets", undefined, one),
        "403 Forbidden",
        /does not have secrets list permission on key vault 'kv-ml;location=westeurope'/,
      );
      control.setAccessPolicy("kv-ml", { objectId, secrets: ["get", "list"] });
      control.setAccessPolicy("kv-ml", { objectId: one.objectId, secrets: ["set"] });
      ok(await rig.vault("PUT", "/secrets/password", { value: "one" }, one));
      ok(await rig.vault("GET", "/secrets/password", undefined, member));
      const refusal = await rig.vault("GET", "/secrets/password", undefined, one);
      assert.deepEqual(refusal.body.error.innererror, { code: "ForbiddenByPolicy" });
      control.setAccessPolicy("kv-ml", { objectId: one.objectId, secrets: [] });
      refused(await rig.vault("PUT", "/secrets/password", { value: "two" }, one), "403 Forbidden");
    });

    it("a closed firewall stops everybody who has a token", async () => {
      rig.azure.control.createKeyVault({ name: "kv-closed", firewall: true });
      const refusal = await rig.vault("GET", "/secrets", undefined, officer, "kv-closed");
      refused(refusal, "403 Forbidden", /^Client address is not authorized/);
      assert.deepEqual(refusal.body.error.innererror, { code: "ForbiddenByFirewall" });
      const headers = { host: "kv-closed.vault.azure.net" };
      assert.equal((await rig.call("GET", "/secrets?api-version=7.4", { headers })).status, 401);
    });

    it("versions are kept, each with its value", async () => {
      const first = ok(await rig.vault("PUT", "/secrets/a", { value: "one" }, officer, "kv-test"));
      const second = ok(
        await rig.vault("PUT", "/secrets/a", { value: "two", tags: { of: "me" } }, officer, "kv-test"),
      );
      assert.equal((await values("a", officer)).value, "two");
      const version = first.id.split("/").at(-1)!;
      assert.equal((await values(`a/${version}`, officer)).value, "one");
      const listed = ok(await rig.vault("GET", "/secrets/a/versions", undefined, officer, "kv-test"));
      assert.deepEqual(
        listed.value.map(({ id, value }) => [id, value]),
        [
          [first.id, undefined],
          [second.id, undefined],
        ],
      );
      refused(
        await rig.vault("GET", `/secrets/a/${"0".repeat(32)}`, undefined, officer, "kv-test"),
        "404 SecretNotFound",
      );
    });

    it("[?] what is said about a version can be changed; a disabled one keeps its value to itself", async () => {
      const { id } = ok(await rig.vault("PUT", "/secrets/a", { value: "one" }, officer, "kv-test"));
      const path = new URL(id).pathname;
      const attributes = { enabled: false, exp: 1_000_000_000 };
      const changed = ok(await rig.vault("PATCH", path, { attributes }, officer, "kv-test"));
      assert.deepEqual([changed.value, changed.attributes.exp], [undefined, 1_000_000_000]);
      refused(await rig.vault("GET", path, undefined, officer, "kv-test"), "403 Forbidden");
      ok(await rig.vault("PATCH", "/secrets/a", { attributes: { enabled: true } }, officer, "kv-test"));
      // Long expired: Key Vault gives it all the same.
      assert.equal((await values("a", officer)).value, "one");
    });

    it("[?] a missing secret and its missing versions are 404; an impossible name and value are 400", async () => {
      for (const path of ["/secrets/none", "/secrets/none/versions"])
        refused(await rig.vault("GET", path, undefined, officer, "kv-test"), "404 SecretNotFound");
      refused(
        await rig.vault("PUT", "/secrets/a_b", { value: "one" }, officer, "kv-test"),
        "400 BadParameter",
      );
      for (const json of [{}, { value: 1 }, { value: "x".repeat(25_001) }])
        refused(await rig.vault("PUT", "/secrets/a", json, officer, "kv-test"), "400 BadParameter");
    });

    it("lists come in pages", async () => {
      for (const name of ["a", "b", "c"])
        ok(await rig.vault("PUT", `/secrets/${name}`, { value: "one" }, officer, "kv-test"));
      const first = ok(await rig.vault("GET", "/secrets?maxresults=2", undefined, officer, "kv-test"));
      const { pathname, search, host } = new URL(first.nextLink!);
      assert.equal(host, "kv-test.vault.azure.net");
      const token = await rig.token(VAULT_SCOPE, officer);
      const last = ok(await rig.call("GET", pathname + search, { token, headers: { host } }));
      const names = [first, last].flatMap(({ value }) => value.map(({ id }) => id.split("/").at(-1)));
      assert.deepEqual([names, last.nextLink], [["a", "b", "c"], null]);
    });
  });

  it("is part of a snapshot", async () => {
    const { control } = rig.azure;
    ok(await write("password", "one"), 201);
    const snapshot = control.snapshot();
    ok(await rig.vault("DELETE", "/secrets/password", undefined, officer, "kv-test"));
    control.createKeyVault({ name: "kv-later" });
    control.restore(snapshot);
    assert.equal((await values("password", officer)).value, "one");
    assert.equal((await rig.arm("GET", pathOf("kv-later"))).status, 404);
  });

  it("vaults are made by the control API over HTTP too, and what cannot be is 400", async () => {
    const token = await rig.token(ARM_SCOPE);
    const send = (method: string, path: string, json: object) =>
      rig.call(method, `/_local/key-vaults${path}`, { token, json });
    ok(await send("POST", "", { name: "kv-http", rbac: false }), 201);
    const someone = caller();
    const policy = { objectId: someone.objectId, secrets: ["list"] };
    assert.equal((await send("PUT", "/kv-http/access-policies", policy)).status, 204);
    ok(await rig.vault("GET", "/secrets", undefined, someone, "kv-http"));
    refused(await send("POST", "", { name: "kv-http" }), "400 BadRequest", /that of no other vault/);
    refused(await send("PUT", "/kv-none/access-policies", policy), "400 BadRequest", /that of a vault/);
    refused(await send("POST", "", { name: "kv-x", softDeleteRetentionInDays: 1 }), "400 BadRequest");
  });

  it("vaults cannot be put where nothing can be, nor twice", () => {
    const { control } = rig.azure;
    assert.throws(() => control.createKeyVault({ name: "kv-test" }), /that of no other vault/);
    assert.throws(() => control.createKeyVault({ name: "k" }), /3 to 24/);
    assert.throws(() => control.createKeyVault({ name: "kv-x", subscriptionId: UNKNOWN_ID }), /subscription/);
    assert.throws(() => control.setAccessPolicy("kv-none", { objectId: UNKNOWN_ID, secrets: [] }), /vault/);
  });
});
