import assert from "node:assert/strict";
import { BAD_REQUEST, type Json, NOT_FOUND, ok, READER, refused, UNKNOWN_ID, useRig } from "./rig";

const ROLE = {
  id: "44444444-4444-4444-8444-444444444444",
  allowedMemberTypes: ["Application"],
  description: "d",
  displayName: "d",
  isEnabled: true,
  value: "Things.Read",
};

describe("local Azure: what Graph makes of a body", () => {
  const rig = useRig();

  it("drops nothing in silence: what it does not know is refused, at any depth, also on a change", async () => {
    const { applicationId, principalId } = await rig.createLogin();
    const invalid = (name: string) => `Invalid property '${name}'.`;
    for (const [method, path, body, name] of [
      ["POST", "/applications", { displayName: "a", colour: "red" }, "colour"],
      ["POST", "/applications", { displayName: "a", web: { colour: "red" } }, "colour"],
      ["POST", "/applications", { displayName: "a", appRoles: [{ ...ROLE, colour: "red" }] }, "colour"],
      ["POST", "/applications", { displayName: "a", __proto__: null, constructor: 1 }, "constructor"],
      ["PATCH", `/applications/${applicationId}`, { displayname: "a" }, "displayname"],
      ["PATCH", `/servicePrincipals/${principalId}`, { colour: "red" }, "colour"],
      ["POST", `/applications/${applicationId}/addPassword`, { passwordCredential: { length: 4 } }, "length"],
    ] as const)
      refused(await rig.graph(method, path, body), BAD_REQUEST, invalid(name));
  });

  it("refuses what only Graph sets, and what a principal has from its application", async () => {
    const { applicationId, principalId } = await rig.createLogin();
    for (const [path, body, name] of [
      [`/applications/${applicationId}`, { appId: UNKNOWN_ID }, "appId"],
      [`/applications/${applicationId}`, { id: UNKNOWN_ID }, "id"],
      [`/applications/${applicationId}`, { publisherDomain: "x.example" }, "publisherDomain"],
      [`/servicePrincipals/${principalId}`, { appDescription: "x" }, "appDescription"],
      [`/servicePrincipals/${principalId}`, { appId: UNKNOWN_ID }, "appId"],
    ] as const)
      refused(
        await rig.graph("PATCH", path, body),
        BAD_REQUEST,
        `Property '${name}' is read-only and cannot be set.`,
      );
    const entitled = await rig.graph("PATCH", `/servicePrincipals/${principalId}`, { appRoles: [] });
    refused(entitled, BAD_REQUEST, "Cannot modify or delete entitlement with origin Application.");
  });

  it("takes the object's own ID in a change, and what Graph sets without a refusal that anybody saw", async () => {
    const { applicationId: id, principalId } = await rig.createLogin();
    const name = "main";
    const trust = { name, issuer: "https://i.example", subject: "s", audiences: ["a"] };
    const trusts = `/applications/${id}/federatedIdentityCredentials`;
    const { id: trustId } = ok(await rig.graph("POST", trusts, trust), 201);
    const { objectId: userId } = rig.azure.control.createPerson({ displayName: "ada" });
    const {
      value: [graph],
    } = ok(await rig.graph("GET", "/servicePrincipals?$filter=displayName eq 'Microsoft Graph'"));
    const lent = {
      clientId: principalId,
      consentType: "AllPrincipals",
      resourceId: graph!.id,
      scope: "openid",
    };
    const { id: grantId } = ok(await rig.graph("POST", "/oauth2PermissionGrants", lent), 201);
    for (const [path, body] of [
      [`/applications/${id}`, { id, appRoles: [ROLE], createdDateTime: "2020-01-01T00:00:00Z" }],
      [`/servicePrincipals/${principalId}`, { id: principalId, replyUrls: ["https://x.example"] }],
      [`${trusts}/${trustId}`, { id: trustId, ...trust, description: "changed" }],
      [`/users/${userId}`, { id: userId, jobTitle: "x" }],
      [`/oauth2PermissionGrants/${grantId}`, { id: grantId, scope: "openid profile" }],
    ] as const)
      ok(await rig.graph("PATCH", path, body), 204);
    const { createdDateTime } = ok(await rig.graph("GET", `/applications/${id}`));
    assert.ok(Math.abs(Date.parse(String(createdDateTime)) - Date.now()) < 60_000);
    const { replyUrls } = ok(await rig.graph("GET", `/servicePrincipals/${principalId}`));
    assert.deepEqual(replyUrls, ["https://x.example"]);
  });

  it("finds applications and principals by their other keys", async () => {
    const { applicationId, clientId, principalId } = await rig.createLogin();
    ok(await rig.graph("PATCH", `/applications/${applicationId}`, { uniqueName: "ml app" }), 204);
    for (const [path, id] of [
      [`/applications(appId='${clientId}')`, applicationId],
      ["/applications(uniqueName='ml%20app')", applicationId],
      [`/servicePrincipals(appId='${clientId}')`, principalId],
    ] as const)
      assert.equal(ok(await rig.graph("GET", path)).id, id);
    ok(await rig.graph("PATCH", `/applications(appId='${clientId}')`, { notes: "n" }), 204);
    assert.deepEqual(ok(await rig.graph("GET", `/applications(appId='${clientId}')/owners`)).value, []);
    const missing = await rig.graph("GET", `/applications(appId='${UNKNOWN_ID}')`);
    refused(missing, NOT_FOUND, new RegExp(UNKNOWN_ID));
  });

  it("takes only the audiences that there are", async () => {
    refused(
      await rig.graph("POST", "/applications", { displayName: "a", signInAudience: "Everybody" }),
      BAD_REQUEST,
    );
    const { signInAudience } = await rig.createApplication("a", { signInAudience: "AzureADMultipleOrgs" });
    assert.equal(signInAudience, "AzureADMultipleOrgs");
  });

  it("fills a principal from its application: roles, scopes, addresses", async () => {
    const scope = {
      id: UNKNOWN_ID,
      value: "use",
      isEnabled: true,
      type: "User",
      adminConsentDisplayName: "Use",
    };
    const application = await rig.createApplication("api", {
      appRoles: [ROLE],
      api: { oauth2PermissionScopes: [scope] },
      web: {
        homePageUrl: "https://home.example",
        logoutUrl: "https://out.example",
        redirectUris: ["https://a.example"],
      },
      spa: { redirectUris: ["https://b.example"] },
    });
    const principal = ok(await rig.graph("POST", "/servicePrincipals", { appId: application.appId }), 201);
    const read = ok(await rig.graph("GET", `/servicePrincipals/${principal.id}`));
    assert.deepEqual(
      [
        read.homepage,
        read.logoutUrl,
        read.replyUrls,
        (read.appRoles as Json[])[0]?.id,
        (read.oauth2PermissionScopes as Json[])[0]?.id,
      ],
      [
        "https://home.example",
        "https://out.example",
        ["https://a.example", "https://b.example"],
        ROLE.id,
        UNKNOWN_ID,
      ],
    );
  });

  it("replaces optionalClaims and samlSingleSignOnSettings whole, and merges the others", async () => {
    const claims = { idToken: [{ name: "email" }], accessToken: [{ name: "ipaddr" }] };
    const { id, appId } = await rig.createApplication("a", {
      optionalClaims: claims,
      web: { logoutUrl: "https://out.example" },
    });
    const path = `/applications/${id}`;
    ok(
      await rig.graph("PATCH", path, {
        optionalClaims: { idToken: [] },
        web: { homePageUrl: "https://home.example" },
      }),
      204,
    );
    const read = ok(await rig.graph("GET", path));
    assert.deepEqual(read.optionalClaims, { idToken: [] });
    const { logoutUrl, homePageUrl } = read.web as Json;
    assert.deepEqual([logoutUrl, homePageUrl], ["https://out.example", "https://home.example"]);
    ok(await rig.graph("PATCH", path, { optionalClaims: {} }), 204);
    assert.deepEqual(ok(await rig.graph("GET", path)).optionalClaims, {});
    const principal = ok(
      await rig.graph("POST", "/servicePrincipals", { appId, samlSingleSignOnSettings: { relayState: "x" } }),
      201,
    );
    ok(await rig.graph("PATCH", `/servicePrincipals/${principal.id}`, { samlSingleSignOnSettings: {} }), 204);
    assert.deepEqual(
      ok(await rig.graph("GET", `/servicePrincipals/${principal.id}`)).samlSingleSignOnSettings,
      {},
    );
  });

  it("lets an app role and a scope go only when they are disabled", async () => {
    const scope = { id: UNKNOWN_ID, value: "use", isEnabled: true, type: "User" };
    const { id } = await rig.createApplication("a", {
      appRoles: [ROLE],
      api: { oauth2PermissionScopes: [scope] },
    });
    const patch = (body: object) => rig.graph("PATCH", `/applications/${id}`, body);
    for (const body of [{ appRoles: [] }, { api: { oauth2PermissionScopes: [] } }, { appRoles: null }])
      refused(await patch(body), "400 CannotDeleteOrUpdateEnabledEntitlement");
    ok(await patch({ appRoles: [{ ...ROLE, isEnabled: false }] }), 204);
    ok(await patch({ appRoles: [] }), 204);
    ok(await patch({ api: { oauth2PermissionScopes: [{ ...scope, isEnabled: false }] } }), 204);
    ok(await patch({ api: { oauth2PermissionScopes: [] } }), 204);
  });

  it("gives an identifier URI to one application, also on a change, and again when that is gone", async () => {
    const uris = { identifierUris: ["api://Contoso"] };
    const { id } = await rig.createApplication("a", uris);
    const other = await rig.createApplication("b");
    const take = () => rig.graph("PATCH", `/applications/${other.id}`, { identifierUris: ["api://contoso"] });
    refused(await take(), BAD_REQUEST, /property identifierUris already exists/);
    ok(await rig.graph("PATCH", `/applications/${id}`, { ...uris, notes: "x" }), 204);
    ok(await rig.graph("DELETE", `/applications/${id}`), 204);
    ok(await take(), 204);
  });
});

describe("local Azure: assignments at the root", () => {
  const rig = useRig();

  it("are listed there, and below a subscription with that subscription's role definition", async () => {
    const { objectId } = rig.azure.control.createCaller({
      displayName: "everywhere",
      role: "Reader",
      scope: "",
    });
    const list = async (scope: string) => {
      const filter = encodeURIComponent(`principalId eq '${objectId}'`);
      const root = rig.azure.control.createCaller({ displayName: "r", role: "Reader", scope: "" });
      const path = `${scope}/providers/Microsoft.Authorization/roleAssignments?$filter=${filter}`;
      return ok(await rig.arm("GET", path, undefined, root)).value.map(
        ({ properties }) => properties.roleDefinitionId,
      );
    };
    const definition = `/providers/Microsoft.Authorization/roleDefinitions/${READER}`;
    const subscription = `/subscriptions/${rig.azure.subscriptionId}`;
    assert.deepEqual(await list(""), [definition]);
    assert.deepEqual(await list(subscription), [subscription + definition]);
  });
});
