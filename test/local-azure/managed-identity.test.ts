import assert from "node:assert/strict";
import * as jose from "jose";
import {
  ARM_SCOPE,
  inDays,
  type Json,
  NOT_FOUND,
  ok,
  READER,
  refused,
  refusedToken,
  UNAUTHORIZED,
  useRig,
} from "./rig";

const ISSUER = "https://token.actions.githubusercontent.com";
const AUDIENCE = "api://AzureADTokenExchange";
const SUBJECT = "repo:o/r:ref:refs/heads/main";

describe("local Azure: managed identities", () => {
  const rig = useRig();
  const path = () => `${rig.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-ml`;
  const trustPath = (name: string) => `${path()}/federatedIdentityCredentials/${name}`;
  const trust = (subject = SUBJECT) => ({
    properties: { issuer: ISSUER, subject, audiences: [AUDIENCE] },
  });

  async function create(): Promise<{ clientId: string; principalId: string }> {
    const { properties } = ok(await rig.arm("PUT", path(), { location: rig.azure.location }), 201);
    return properties as Json & { clientId: string; principalId: string };
  }

  async function present(clientId: string, subject = SUBJECT, issuer = ISSUER) {
    const signer = await rig.azure.control.declareIssuer(issuer);
    return rig.requestToken({
      client_id: clientId,
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: await signer.sign({ sub: subject, aud: AUDIENCE }),
    });
  }

  it("log in with a token of the trusted issuer, and with their roles", async () => {
    const { clientId, principalId } = await create();
    refusedToken(await present(clientId), 401, "invalid_client", 70025);
    ok(await rig.arm("PUT", trustPath("main"), trust()), 201);
    ok(await rig.assign(principalId, READER, rig.workspace), 201);
    const token = ok(await present(clientId)).access_token;
    assert.equal(jose.decodeJwt(token).oid, principalId);
    ok(await rig.call("GET", `${rig.workspace}?api-version=2022-05-01`, { token }));
    refusedToken(await present(clientId, "repo:o/r:pull_request"), 401, "invalid_client", 700213);
    refusedToken(await present(clientId, SUBJECT, "https://other.example"), 401, "invalid_client", 700211);
  });

  it("have no password: a secret is refused", async () => {
    const { clientId } = await create();
    refusedToken(await rig.logIn({ clientId, clientSecret: "x" }), 401, "invalid_client", 7000215);
  });

  for (const second of ["PUT", "DELETE"] as const)
    it(`deny a ${second} of a credential while another one is written, and take it afterwards`, async () => {
      await create();
      await rig.token(ARM_SCOPE);
      const body = second === "PUT" ? trust("another") : undefined;
      const [one, other] = await Promise.all([
        rig.arm("PUT", trustPath("main"), trust()),
        rig.arm(second, trustPath("other"), body),
      ]);
      const [kept, denied] = one.status === 201 ? [one, other] : [other, one];
      assert.ok([201, 204].includes(kept.status), kept.text);
      const code = "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity";
      refused(denied, `409 ${code}`, /^Too many Federated Identity Credentials are written concurrently/);
      assert.ok((await rig.arm(second, trustPath("other"), body)).status < 300);
    });

  it("have 20 credentials at most [?], and none without the identity", async () => {
    refused(await rig.arm("PUT", trustPath("main"), trust()), "404 ParentResourceNotFound");
    await create();
    for (let index = 0; index < 20; index++)
      ok(await rig.arm("PUT", trustPath(`trust-${index}`), trust(`subject-${index}`)), 201);
    refused(await rig.arm("PUT", trustPath("more"), trust("more")), "400 BadRequest");
    // Changing one of them, with the issuer and subject it has, is no new one.
    ok(await rig.arm("PUT", trustPath("trust-0"), trust("subject-0")));
  }).timeout(30_000);

  it("[?] say that a credential is not there", async () => {
    await create();
    refused(await rig.arm("GET", trustPath("main")), "404 NotFound");
  });

  it("take principal and credentials along when they are deleted, without a recycle bin; assignments stay", async () => {
    const { clientId, principalId } = await create();
    ok(await rig.arm("PUT", trustPath("main"), trust()), 201);
    ok(await rig.assign(principalId, READER), 201);
    ok(await rig.arm("DELETE", path()));
    refused(await rig.graph("GET", `/servicePrincipals/${principalId}`), NOT_FOUND);
    refused(await rig.graph("GET", `/directory/deletedItems/${principalId}`), NOT_FOUND);
    refusedToken(await present(clientId), 400, "unauthorized_client", 700016);
    const { managedIdentities, roleAssignments } = rig.azure.control.state();
    assert.deepEqual(managedIdentities, []);
    assert.ok(roleAssignments.some((one) => one.principalId === principalId));
    const again = await create();
    assert.notEqual(again.clientId, clientId);
    assert.equal(rig.azure.control.state().managedIdentities[0]!.federatedCredentials.length, 0);
  });

  it("need the right to write them, and a subscription that is registered for them", async () => {
    const reader = rig.azure.control.createCaller({ displayName: "reader", role: "Reader" });
    const body = { location: rig.azure.location };
    refused(await rig.arm("PUT", path(), body, reader), UNAUTHORIZED);
    const contributor = rig.azure.control.createCaller({
      displayName: "identities",
      role: "Managed Identity Contributor",
    });
    rig.azure.control.setPolicy({ unregisteredProviders: ["Microsoft.ManagedIdentity"] });
    refused(await rig.arm("PUT", path(), body, contributor), "409 MissingSubscriptionRegistration");
    const provider = `/subscriptions/${rig.azure.subscriptionId}/providers/Microsoft.ManagedIdentity`;
    assert.equal(ok(await rig.arm("GET", provider)).registrationState, "NotRegistered");
    rig.azure.control.setPolicy({ unregisteredProviders: [] });
    ok(await rig.arm("PUT", path(), body, contributor), 201);
    ok(await rig.arm("PUT", trustPath("main"), trust(), contributor), 201);
  });

  it("can have roles on themselves, and be found late by a role assignment without principalType", async () => {
    rig.azure.control.setReplicationLag(60);
    const { principalId } = await create();
    refused(await rig.assign(principalId, READER, rig.group, {}), "400 PrincipalNotFound");
    ok(await rig.assign(principalId, READER, path()), 201);
    rig.azure.control.setClock(new Date(inDays(1)));
    ok(await rig.assign(principalId, READER, rig.group, {}, rig.azure.subscriptionId), 201);
  });
});
