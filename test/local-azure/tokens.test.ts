import assert from "node:assert/strict";
import * as jose from "jose";
import { ARM_SCOPE, GRAPH_SCOPE, ok, refusedToken, UNKNOWN_ID, useRig } from "./rig";

describe("local Azure: discovery", () => {
  const rig = useRig();

  it("names issuer and endpoints with the scheme, host and port that were asked", async () => {
    const { azure } = rig;
    const body = ok(await rig.call("GET", `/${azure.tenantId}/v2.0/.well-known/openid-configuration`));
    assert.equal(body.issuer, `${azure.url}/${azure.tenantId}/v2.0`);
    assert.equal(body.token_endpoint, `${azure.url}/${azure.tenantId}/oauth2/v2.0/token`);
    assert.equal(body.jwks_uri, `${azure.url}/${azure.tenantId}/discovery/v2.0/keys`);
    assert.ok(body.authorization_endpoint);
  });

  it("answers discovery for organizations, as `az account clear` asks", async () => {
    const body = ok(await rig.call("GET", "/organizations/v2.0/.well-known/openid-configuration"));
    assert.ok(body.token_endpoint.endsWith("/organizations/oauth2/v2.0/token"));
  });

  it("answers cloud metadata as one object, and as an array for 2019-05-01", async () => {
    const one = ok(await rig.call("GET", "/metadata/endpoints?api-version=2022-09-01"));
    assert.equal(one.resourceManager, rig.azure.url);
    assert.deepEqual(one.authentication.audiences, [`${rig.azure.url}/arm`, rig.azure.url]);
    const list = ok(await rig.call("GET", "/metadata/endpoints?api-version=2019-05-01"));
    assert.deepEqual(list, [one]);
  });
});

describe("local Azure: token endpoint with a secret", () => {
  const rig = useRig();

  it("issues an RS256 token whose claims name tenant, application and principal, and that the JWKS verifies", async () => {
    const { azure } = rig;
    const body = ok(await rig.logIn(azure.admin));
    assert.deepEqual(
      {
        type: body.token_type,
        seconds: body.expires_in,
        ext: body.ext_expires_in,
        refresh: body.refresh_token,
      },
      { type: "Bearer", seconds: 3599, ext: 3599, refresh: undefined },
    );
    const keys = ok(await rig.call("GET", `/${azure.tenantId}/discovery/v2.0/keys`));
    const { payload, protectedHeader } = await jose.jwtVerify(
      body.access_token,
      jose.createLocalJWKSet(keys as unknown as jose.JSONWebKeySet),
    );
    assert.equal(protectedHeader.alg, "RS256");
    const { tid, appid, oid, sub, aud, idtyp, appidacr, ver, scp } = payload;
    assert.deepEqual(
      { tid, appid, oid, sub, aud, idtyp, appidacr, ver, scp },
      {
        tid: azure.tenantId,
        appid: azure.admin.clientId,
        oid: azure.admin.objectId,
        sub: azure.admin.objectId,
        aud: "https://management.azure.com",
        idtyp: "app",
        appidacr: "1",
        ver: "1.0",
        scp: undefined,
      },
    );
    assert.ok(Array.isArray(payload.roles));
  });

  for (const [scope, audience] of [
    ["https://management.core.windows.net//.default", "https://management.core.windows.net/"],
    ["https://management.azure.com/.default", "https://management.azure.com"],
    ["https://graph.microsoft.com//.default", "https://graph.microsoft.com/"],
  ] as const)
    it(`strips exactly /.default from ${scope}`, async () => {
      const body = ok(await rig.logIn(rig.azure.admin, scope));
      assert.equal(jose.decodeJwt(body.access_token).aud, audience);
    });

  it("accepts the tenant's domain in place of its ID", async () => {
    const { clientId, clientSecret } = rig.azure.admin;
    const form = { client_id: clientId, client_secret: clientSecret };
    ok(await rig.requestToken(form, "contosorehearsal.onmicrosoft.com"));
  });

  it("lives on the machine's time, wherever the directory's clock stands", async () => {
    rig.azure.control.advanceClock({ days: 400 });
    const claims = jose.decodeJwt(ok(await rig.logIn(rig.azure.admin)).access_token);
    assert.ok(Math.abs(claims.iat! - Date.now() / 1000) < 10);
    ok(await rig.arm("GET", "/subscriptions"));
  });

  it("gives every refusal the six fields that clients build their message from", async () => {
    const id = "11111111-2222-4333-8444-555555555555";
    const answer = await rig.call("POST", `/${rig.azure.tenantId}/oauth2/v2.0/token`, {
      form: {
        grant_type: "client_credentials",
        client_id: rig.azure.admin.clientId,
        client_secret: "wrong",
        scope: ARM_SCOPE,
      },
      headers: { "client-request-id": id },
    });
    refusedToken(answer, 401, "invalid_client", 7000215);
    const { error_description: text, timestamp, trace_id: trace, correlation_id: correlation } = answer.body;
    assert.equal(correlation, id);
    assert.match(timestamp, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
    assert.equal(
      text,
      "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, " +
        `not the client secret ID, for a secret added to app '${rig.azure.admin.clientId}'. ` +
        `Trace ID: ${trace} Correlation ID: ${id} Timestamp: ${timestamp}`,
    );
    assert.equal(answer.body.error_uri, `${rig.azure.url}/error?code=7000215`);
  });

  it("answers a tenant that is neither GUID nor domain with 900023 [?]", async () => {
    const answer = await rig.requestToken({ client_id: "x", client_secret: "x" }, "nonsense");
    refusedToken(answer, 400, "invalid_request", 900023);
  });

  for (const scope of ["openid", `${ARM_SCOPE} ${GRAPH_SCOPE}`])
    it(`answers the scope "${scope}" with 70011`, async () => {
      refusedToken(await rig.logIn(rig.azure.admin, scope), 400, "invalid_scope", 70011);
    });

  it("answers a scope of an unknown resource with 500011", async () => {
    const answer = await rig.logIn(rig.azure.admin, "https://database.windows.net/.default");
    refusedToken(answer, 400, "invalid_resource", 500011);
  });

  it("answers another grant with 70003", async () => {
    refusedToken(await rig.requestToken({ grant_type: "device_code" }), 400, "unsupported_grant_type", 70003);
  });

  it("refuses a secret from the moment of its end, on the directory's clock, with 7000222", async () => {
    const login = await rig.createLogin();
    const end = new Date(rig.azure.control.now().getTime() + 86_400_000);
    const second = ok(
      await rig.graph("POST", `/applications/${login.applicationId}/addPassword`, {
        passwordCredential: { endDateTime: end.toISOString() },
      }),
    );
    const short = { clientId: login.clientId, clientSecret: second.secretText };
    rig.azure.control.setClock(new Date(end.getTime() - 5000));
    ok(await rig.logIn(short));
    rig.azure.control.setClock(end);
    refusedToken(await rig.logIn(short), 401, "invalid_client", 7000222);
    ok(await rig.logIn(login));
  });

  it("refuses a removed secret with 7000215, while the others of the application stay valid", async () => {
    const login = await rig.createLogin();
    const other = ok(await rig.graph("POST", `/applications/${login.applicationId}/addPassword`, {}));
    const path = `/applications/${login.applicationId}/removePassword`;
    ok(await rig.graph("POST", path, { keyId: login.keyId.toUpperCase() }), 204);
    refusedToken(await rig.logIn(login), 401, "invalid_client", 7000215);
    ok(await rig.logIn({ clientId: login.clientId, clientSecret: other.secretText }));
  });

  it("answers an application without principal with 7000229, status 401 [?], and a deleted one with 700016", async () => {
    const login = await rig.createLogin();
    ok(await rig.graph("DELETE", `/servicePrincipals/${login.principalId}`), 204);
    refusedToken(await rig.logIn(login), 401, "invalid_client", 7000229);
    ok(await rig.graph("DELETE", `/applications/${login.applicationId}`), 204);
    refusedToken(await rig.logIn(login), 400, "unauthorized_client", 700016);
  });

  it("answers a disabled principal with 7000112 [?]", async () => {
    const login = await rig.createLogin();
    ok(await rig.graph("PATCH", `/servicePrincipals/${login.principalId}`, { accountEnabled: false }), 204);
    refusedToken(await rig.logIn(login), 400, "unauthorized_client", 7000112);
  });

  it("checks tenant, grant, client, principal and credential in this order [?]", async () => {
    const login = await rig.createLogin();
    const wrong = { client_id: login.clientId, client_secret: "wrong" };
    refusedToken(
      await rig.requestToken({ ...wrong, grant_type: "x" }, UNKNOWN_ID),
      400,
      "invalid_request",
      90002,
    );
    refusedToken(
      await rig.requestToken({ ...wrong, client_id: UNKNOWN_ID, grant_type: "x" }),
      400,
      "unsupported_grant_type",
      70003,
    );
    ok(await rig.graph("DELETE", `/servicePrincipals/${login.principalId}`), 204);
    refusedToken(await rig.requestToken(wrong), 401, "invalid_client", 7000229);
  });

  it("keeps tokens valid after the revocation that they outlive; the roles are looked up at each call", async () => {
    const login = await rig.createLogin();
    ok(await rig.assign(login.principalId, "b24988ac-6180-42a0-ab88-20f7382dd24c"), 201);
    ok(await rig.arm("GET", rig.workspace, undefined, login));
    ok(await rig.graph("DELETE", `/applications/${login.applicationId}`), 204);
    ok(await rig.arm("GET", rig.workspace, undefined, login));
  });
});
