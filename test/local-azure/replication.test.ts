import assert from "node:assert/strict";
import type { DeclaredIssuer } from "../../local-azure/local-azure";
import {
  BAD_REQUEST,
  CONTRIBUTOR,
  type Json,
  NOT_FOUND,
  ok,
  refused,
  refusedToken,
  UNAUTHORIZED,
  useRig,
} from "./rig";

/** Seconds of lag in these tests; the directory's clock is advanced by so much, so nobody waits. */
const LAG = 30;

describe("local Azure: replication lag", () => {
  const rig = useRig();
  const pass = () => rig.azure.control.advanceClock({ seconds: LAG });

  it("of applications refuses their principal and whatever changes them, and hides nothing from readers", async () => {
    rig.azure.control.setReplicationLag({ application: LAG });
    const { id, appId } = await rig.createApplication();
    const createPrincipal = () => rig.graph("POST", "/servicePrincipals", { appId });
    const rename = () => rig.graph("PATCH", `/applications/${id}`, { displayName: "b" });
    refused(await createPrincipal(), BAD_REQUEST, /does not reference a valid application object/);
    refused(await rename(), NOT_FOUND);
    const trust = { name: "main", issuer: "https://i.example", subject: "s", audiences: ["a"] };
    for (const [method, path, body] of [
      ["POST", "/addPassword", {}],
      ["POST", "/federatedIdentityCredentials", trust],
      ["DELETE", "", undefined],
    ] as const)
      refused(await rig.graph(method, `/applications/${id}${path}`, body), NOT_FOUND);
    ok(await rig.graph("GET", `/applications/${id}`));
    pass();
    ok(await rig.graph("POST", `/applications/${id}/addPassword`, {}));
    ok(await createPrincipal(), 201);
    ok(await rename(), 204);
  });

  it("of principals delays role assignments, unless principalType is given", async () => {
    rig.azure.control.setReplicationLag({ servicePrincipal: LAG });
    const { principalId } = await rig.createLogin();
    refused(await rig.assign(principalId, CONTRIBUTOR, rig.group, {}), "400 PrincipalNotFound");
    ok(await rig.assign(principalId, CONTRIBUTOR, rig.workspace), 201);
    ok(await rig.graph("PATCH", `/servicePrincipals/${principalId}`, { description: "x" }), 204);
    pass();
    ok(await rig.assign(principalId, CONTRIBUTOR, rig.group, {}, rig.azure.tenantId), 201);
  });

  it("of secrets refuses their login and leaves them out of the application", async () => {
    rig.azure.control.setReplicationLag({ secret: LAG });
    const login = await rig.createLogin();
    const listed = async () =>
      ok(await rig.graph("GET", `/applications/${login.applicationId}`)).passwordCredentials.map(
        (one: Json) => one.keyId,
      );
    refusedToken(await rig.logIn(login), 401, "invalid_client", 7000215);
    assert.deepEqual(await listed(), []);
    pass();
    ok(await rig.logIn(login));
    assert.deepEqual(await listed(), [login.keyId]);
  });

  it("of federated credentials answers 404 when one is read, and refuses its login", async () => {
    const github: DeclaredIssuer = await rig.azure.control.declareIssuer("https://issuer.example");
    rig.azure.control.setReplicationLag({ federatedCredential: LAG });
    const { applicationId, clientId } = await rig.createLogin();
    const path = `/applications/${applicationId}/federatedIdentityCredentials`;
    const body = { name: "main", issuer: github.issuer, subject: "s", audiences: ["a"] };
    const { id } = ok(await rig.graph("POST", path, body), 201);
    const present = async () =>
      rig.requestToken({
        client_id: clientId,
        client_assertion: await github.sign({ sub: "s", aud: "a" }),
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      });
    refused(await rig.graph("GET", `${path}/${id}`), NOT_FOUND);
    refusedToken(await present(), 401, "invalid_client", 70025);
    pass();
    ok(await rig.graph("GET", `${path}/${id}`));
    ok(await present());
  });

  it("of role assignments delays their effect, while they can be read at once", async () => {
    rig.azure.control.setReplicationLag({ roleAssignment: LAG });
    const login = await rig.createLogin();
    const { id } = ok(await rig.assign(login.principalId, CONTRIBUTOR), 201);
    ok(await rig.arm("GET", id));
    refused(await rig.arm("GET", rig.workspace, undefined, login), UNAUTHORIZED);
    pass();
    ok(await rig.arm("GET", rig.workspace, undefined, login));
  });

  it("keeps what was removed for as long: a secret still logs in, a trust and an application are still read", async () => {
    const login = await rig.createLogin();
    const trusts = `/applications/${login.applicationId}/federatedIdentityCredentials`;
    const trust = { name: "main", issuer: "https://i.example", subject: "s", audiences: ["a"] };
    ok(await rig.graph("POST", trusts, trust), 201);
    const assignment = ok(await rig.assign(login.principalId, CONTRIBUTOR), 201);
    rig.azure.control.advanceClock({ seconds: 2 * LAG });
    rig.azure.control.setReplicationLag(LAG);
    const path = `/applications/${login.applicationId}`;
    ok(await rig.graph("POST", `${path}/removePassword`, { keyId: login.keyId }), 204);
    ok(await rig.graph("DELETE", `${trusts}/main`), 204);
    ok(await rig.arm("DELETE", assignment.id));
    ok(await rig.logIn(login));
    ok(await rig.graph("GET", `${trusts}/main`));
    ok(await rig.arm("GET", rig.workspace, undefined, login));
    assert.equal(ok(await rig.graph("GET", path)).passwordCredentials.length, 1);
    pass();
    refusedToken(await rig.logIn(login), 401, "invalid_client", 7000215);
    refused(await rig.graph("GET", `${trusts}/main`), NOT_FOUND);
    refused(await rig.arm("GET", rig.workspace, undefined, login), UNAUTHORIZED);
  });

  it("in the mode in which reads come from the past, shows any instant within it, and then the truth", async () => {
    rig.azure.control.setReadMode("past");
    rig.azure.control.setReplicationLag(LAG);
    const { id } = await rig.createApplication("before");
    const statuses = new Set<number>();
    rig.azure.control.advanceClock({ seconds: LAG / 2 });
    for (let read = 0; read < 40; read++)
      statuses.add((await rig.graph("GET", `/applications/${id}`)).status);
    assert.deepEqual([...statuses].sort(), [200, 404]);
    pass();
    ok(await rig.graph("PATCH", `/applications/${id}`, { displayName: "after" }), 204);
    rig.azure.control.advanceClock({ seconds: LAG / 2 });
    const names = new Set<string>();
    for (let read = 0; read < 40; read++)
      names.add(ok(await rig.graph("GET", `/applications/${id}`)).displayName);
    assert.deepEqual([...names].sort(), ["after", "before"]);
    ok(await rig.graph("DELETE", `/applications/${id}`), 204);
    pass();
    for (let read = 0; read < 10; read++) refused(await rig.graph("GET", `/applications/${id}`), NOT_FOUND);
  });

  it("of all kinds is set by one number, and switched off by 0", async () => {
    rig.azure.control.setReplicationLag(LAG);
    const login = await rig.createApplication();
    refused(await rig.graph("POST", "/servicePrincipals", { appId: login.appId }), BAD_REQUEST);
    rig.azure.control.setReplicationLag(0);
    ok(await rig.graph("POST", "/servicePrincipals", { appId: login.appId }), 201);
  });

  it("does not hide what the world had at its start, nor what the control API puts there", async () => {
    rig.azure.control.setReplicationLag(LAG);
    ok(await rig.logIn(rig.azure.admin));
    const caller = rig.azure.control.createCaller({ displayName: "c", role: "Reader" });
    ok(await rig.arm("GET", rig.workspace, undefined, caller));
  });
});
