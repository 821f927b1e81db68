import assert from "node:assert/strict";
import * as jose from "jose";
import { ARM_SCOPE, BAD_REQUEST, GRAPH_SCOPE, inDays, ok, refused, Rig, useRig } from "./rig";

describe("local Azure: the control API under /_local/", () => {
  const rig = useRig();

  async function control(method: string, path: string, json?: unknown) {
    const token = await rig.token(GRAPH_SCOPE);
    return rig.call(method, `/_local/${path}`, json === undefined ? { token } : { token, json });
  }

  it("reads, sets and advances the directory's clock, which runs", async () => {
    const started = ok(await control("GET", "clock")).now as string;
    assert.ok(Math.abs(Date.parse(started) - Date.now()) < 5000);
    const set = inDays(1000);
    ok(await control("PUT", "clock", { now: set }), 204);
    ok(await control("POST", "clock/advance", { days: 1, seconds: 30 }), 204);
    const now = Date.parse(ok(await control("GET", "clock")).now as string) - Date.parse(set) - 86_430_000;
    assert.ok(now >= 0 && now < 5000, String(now));
  });

  it("sets replication lag for all kinds or for one", async () => {
    ok(await control("PUT", "replication-lag", { seconds: { application: 30 } }), 204);
    const { appId } = await rig.createApplication();
    refused(await rig.graph("POST", "/servicePrincipals", { appId }), BAD_REQUEST);
    ok(await control("PUT", "replication-lag", { seconds: 0 }), 204);
    ok(await rig.graph("POST", "/servicePrincipals", { appId }), 201);
  });

  it("adds and removes faults", async () => {
    const fault = {
      match: { method: "GET", path: "/applications$" },
      times: 2,
      carriedOut: false,
      answer: 503,
      retryAfter: 1,
    };
    ok(await control("POST", "faults", fault), 204);
    const answer = await rig.graph("GET", "/applications");
    refused(answer, "503 serviceNotAvailable");
    assert.equal(answer.headers["retry-after"], "1");
    ok(await control("DELETE", "faults"), 204);
    ok(await rig.graph("GET", "/applications"));
  });

  it("sets latency", async () => {
    ok(await control("PUT", "latency", { ms: 80 }), 204);
    const started = Date.now();
    ok(await rig.graph("GET", "/applications"));
    assert.ok(Date.now() - started >= 75);
  });

  it("creates callers and declares issuers with their keys", async () => {
    const caller = ok(await control("POST", "callers", { displayName: "c", role: "Reader" }), 201);
    const login = { clientId: caller.clientId as string, clientSecret: caller.clientSecret as string };
    ok(await rig.arm("GET", rig.workspace, undefined, login));
    const { publicKey, privateKey } = await jose.generateKeyPair("ES256");
    const jwks = { keys: [await jose.exportJWK(publicKey)] };
    ok(await control("POST", "issuers", { issuer: "https://i.example", jwks }), 204);
    const { applicationId, clientId } = await rig.createLogin();
    const credential = { name: "main", issuer: "https://i.example", subject: "s", audiences: ["a"] };
    ok(
      await rig.graph("POST", `/applications/${applicationId}/federatedIdentityCredentials`, credential),
      201,
    );
    const assertion = await new jose.SignJWT({ sub: "s", aud: "a", iss: "https://i.example" })
      .setProtectedHeader({ alg: "ES256" })
      .setExpirationTime("5m")
      .sign(privateKey);
    const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    const form = { client_id: clientId, client_assertion: assertion, client_assertion_type: type };
    ok(await rig.requestToken(form));
  });

  it("changes the tenant's policy", async () => {
    ok(await control("PATCH", "policy", { passwordAddition: "forbidden" }), 204);
    const { id } = await rig.createApplication();
    refused(
      await rig.graph("POST", `/applications/${id}/addPassword`, {}),
      "400 CredentialTypeNotAllowedAsPerAppPolicy",
    );
  });

  it("tells the whole state, without a secret, and marks what was there at the start", async () => {
    const login = await rig.createLogin("mine");
    ok(await rig.assign(login.principalId, "acdd72a7-3385-48ef-bd42-f606fba81ae7"), 201);
    const answer = await control("GET", "state");
    assert.deepEqual(ok(answer), JSON.parse(JSON.stringify(rig.azure.control.state())));
    assert.ok(
      !answer.text.includes(login.clientSecret) && !answer.text.includes(rig.azure.admin.clientSecret),
    );
    const state = rig.azure.control.state();
    const created = [state.applications, state.servicePrincipals, state.roleAssignments].map(
      (records) => records.filter(({ initial }) => !initial).length,
    );
    assert.deepEqual(created, [1, 1, 1]);
    assert.equal(state.applications.find(({ initial }) => !initial)?.passwords[0]?.keyId, login.keyId);
  });

  it("does not count callers that a test put there as created by calls", () => {
    rig.azure.control.createCaller({ displayName: "c", role: "Reader" });
    const { applications, servicePrincipals, roleAssignments } = rig.azure.control.state();
    for (const records of [applications, servicePrincipals, roleAssignments])
      assert.ok(records.every(({ initial }) => initial));
  });

  it("logs method, path, status, caller and time, and never a query, a secret or a token", async () => {
    rig.azure.control.clearRequests();
    const login = await rig.createLogin();
    const token = await rig.token(ARM_SCOPE, login);
    await rig.logIn({ ...login, clientSecret: "a-wrong-secret" });
    await rig.call("GET", `/subscriptions?api-version=2022-12-01&secret=${login.clientSecret}`, { token });
    const { value } = ok(await control("GET", "requests"));
    const last = value.at(-1)!;
    assert.deepEqual(
      { ...last, ms: 0 },
      { method: "GET", path: "/subscriptions", status: 200, caller: login.clientId, ms: 0, api: "arm" },
    );
    assert.ok(value.every(({ ms }) => typeof ms === "number" && ms >= 0));
    assert.ok(!JSON.stringify(value).includes("/_local"));
    const text = JSON.stringify(value);
    for (const secret of [login.clientSecret, token, "a-wrong-secret", rig.azure.admin.clientSecret])
      assert.ok(!text.includes(secret));
    ok(await control("DELETE", "requests"), 204);
    assert.deepEqual(ok(await control("GET", "requests")).value, []);
  });

  it("goes back to a snapshot as often as wanted, with store, clock, lag and policy, and makes no ID twice", async () => {
    const login = await rig.createLogin("kept");
    const kept = inDays(200);
    rig.azure.control.setClock(new Date(kept));
    const { id } = ok(await control("POST", "snapshots"), 201);
    const before = rig.azure.control.state();
    const seen: string[] = [];
    for (let round = 0; round < 2; round++) {
      seen.push((await rig.createApplication("gone")).id);
      ok(await rig.graph("DELETE", `/applications/${login.applicationId}`), 204);
      rig.azure.control.advanceClock({ days: 40 });
      rig.azure.control.setReplicationLag(60);
      rig.azure.control.setPolicy({ passwordAddition: "forbidden" });
      rig.azure.control.addFault({ match: { api: "graph" }, times: 9, answer: 500 });
      ok(await control("POST", `snapshots/${id}/restore`), 204);
      assert.deepEqual(rig.azure.control.state(), before);
      assert.ok(Math.abs(rig.azure.control.now().getTime() - Date.parse(kept)) < 60_000);
      ok(await rig.logIn(login));
      ok(await rig.graph("POST", `/applications/${login.applicationId}/addPassword`, {}));
      ok(await control("POST", `snapshots/${id}/restore`), 204);
    }
    assert.notEqual(seen[0], seen[1]);
    refused(await control("POST", `snapshots/${login.keyId}/restore`), "404 SnapshotNotFound");
  });

  it("puts people, groups, directory roles, lent permissions, subscriptions and workspaces there", async () => {
    const person = ok(
      await control("POST", "people", { displayName: "P", directoryRoles: ["Global Reader"] }),
      201,
    );
    const members = [person.objectId];
    ok(await control("POST", "groups", { displayName: "g", members, role: "Reader" }), 201);
    ok(
      await control("POST", "directory-roles", { objectId: person.objectId, role: "Directory Readers" }),
      204,
    );
    const { subscriptionId } = ok(await control("POST", "subscriptions", { displayName: "S" }), 201);
    ok(
      await control("POST", "workspaces", { subscriptionId, resourceGroup: "g", name: "w", kind: "Hub" }),
      204,
    );
    const grant = {
      clientId: person.objectId,
      resourceId: person.objectId,
      principalId: null,
      scope: "User.Read",
    };
    ok(await control("POST", "permission-grants", { ...grant, consentType: "AllPrincipals" }), 204);
    assert.equal(ok(await rig.graph("GET", "/oauth2PermissionGrants")).value.length, 1);
    const roles = ok(
      await rig.graph(
        "GET",
        `/roleManagement/directory/roleAssignments?$filter=principalId eq '${String(person.objectId)}'`,
      ),
    );
    assert.equal(roles.value.length, 2);
  });

  it("goes back to the start, with the same admin", async () => {
    await rig.createLogin();
    rig.azure.control.setClock(new Date(inDays(1000)));
    rig.azure.control.addFault({ times: 9, answer: 500 });
    ok(await control("POST", "reset"), 204);
    const state = rig.azure.control.state();
    assert.ok(state.applications.every(({ initial }) => initial));
    assert.ok(Math.abs(rig.azure.control.now().getTime() - Date.now()) < 5000);
    ok(await rig.logIn(rig.azure.admin));
  });

  for (const [method, path, body] of [
    ["PUT", "clock", { now: "tomorrow" }],
    ["PUT", "clock", {}],
    ["POST", "clock/advance", { days: 1e9 }],
    ["PUT", "replication-lag", { seconds: -1 }],
    ["PUT", "replication-lag", { seconds: { nothing: 1 } }],
    ["PUT", "read-mode", { mode: "future" }],
    ["POST", "people", { displayName: "p", directoryRoles: ["Emperor"] }],
    ["POST", "groups", { displayName: "g" }],
    ["PUT", "latency", { ms: "1" }],
    ["POST", "faults", { answer: 418 }],
    ["POST", "faults", { answer: 500, match: { path: "(" } }],
    ["POST", "callers", { displayName: "c", role: "Emperor" }],
    ["POST", "issuers", { issuer: "https://i" }],
    ["PATCH", "policy", { passwordAddition: "maybe" }],
    ["PATCH", "policy", { unknown: 1 }],
  ] as const)
    it(`refuses ${method} ${path} ${JSON.stringify(body)}`, async () => {
      refused(await control(method, path, body), "400 BadRequest");
      ok(await control("GET", "clock"));
    });

  it("answers an unknown path with 501", async () => {
    refused(await control("GET", "nothing"), "501 NotImplemented");
  });
});

describe("local Azure: a seed", () => {
  it("makes all IDs and secret values the same in each run, and after a reset", async () => {
    const run = async (seed: string): Promise<string[]> => {
      const rig = await Rig.start({ seed });
      try {
        const values = [];
        for (let round = 0; round < 2; round++) {
          const { applicationId, principalId, clientId, clientSecret, keyId } = await rig.createLogin();
          const { tenantId, subscriptionId, otherSubscriptionId, admin } = rig.azure;
          values.push(
            [tenantId, subscriptionId, otherSubscriptionId, ...Object.values(admin)].join(),
            [applicationId, principalId, clientId, clientSecret, keyId].join(),
          );
          rig.reset();
        }
        return values;
      } finally {
        await rig.close();
      }
    };
    const [first, again, other] = [await run("one"), await run("one"), await run("two")];
    assert.deepEqual(again, first);
    assert.deepEqual(first.slice(2), first.slice(0, 2));
    assert.ok(first.every((values, index) => values !== other[index]));
  });

  it("without one, no two runs are alike", async () => {
    const [one, two] = [await Rig.start(), await Rig.start()];
    await Promise.all([one.close(), two.close()]);
    assert.notEqual(one.azure.tenantId, two.azure.tenantId);
    assert.notEqual(one.azure.admin.clientSecret, two.azure.admin.clientSecret);
  });
});
