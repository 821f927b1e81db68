import assert from "node:assert/strict";
import { BAD_REQUEST, inDays, type Json, NOT_FOUND, ok, refused, UNKNOWN_ID, useRig } from "./rig";

/** What azuread sends when it creates an application with defaults. */
const AZUREAD_APPLICATION = {
  "@odata.type": "#microsoft.graph.application",
  api: {
    acceptMappedClaims: false,
    knownClientApplications: [],
    oauth2PermissionScopes: [],
    requestedAccessTokenVersion: 1,
  },
  appRoles: [],
  description: null,
  displayName: "pul-full",
  groupMembershipClaims: null,
  identifierUris: [],
  info: { marketingUrl: null, privacyStatementUrl: null, supportUrl: null, termsOfServiceUrl: null },
  isDeviceOnlyAuthSupported: false,
  isFallbackPublicClient: false,
  notes: null,
  optionalClaims: {},
  publicClient: { redirectUris: [] },
  requiredResourceAccess: [],
  serviceManagementReference: null,
  signInAudience: "AzureADMyOrg",
  spa: { redirectUris: [] },
  tags: ["himl", "instance:1"],
  web: {
    homePageUrl: null,
    implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: false },
    logoutUrl: null,
    redirectUris: [],
  },
};

describe("local Azure: applications in Microsoft Graph", () => {
  const rig = useRig();

  it("gives back what azuread sent, so that a later preview sees no change", async () => {
    const created = ok(await rig.graph("POST", "/applications", AZUREAD_APPLICATION), 201);
    const read = ok(await rig.graph("GET", `/applications/${created.id}`));
    for (const [name, value] of Object.entries(AZUREAD_APPLICATION).filter(([name]) => !name.startsWith("@")))
      assert.deepEqual(pick(read[name], value), value, name);
    assert.equal(read.groupMembershipClaims, null);
    assert.deepEqual(read.passwordCredentials, []);
    assert.notEqual(read.id, read.appId);
  });

  it("applies patches in order: merges complex values, replaces lists, clears with null", async () => {
    const { id } = await rig.createApplication("a", {
      tags: ["x"],
      notes: "n",
      api: { knownClientApplications: [] },
    });
    const path = `/applications/${id}`;
    ok(await rig.graph("PATCH", path, { displayName: "TERRAFORM_UPDATE_1" }), 204);
    const patched = await rig.graph("PATCH", path, {
      displayName: "a",
      tags: ["y"],
      notes: null,
      api: { requestedAccessTokenVersion: 2 },
    });
    ok(patched, 204);
    assert.equal(patched.text, "");
    assert.equal(patched.headers["content-length"], undefined);
    const read = ok(await rig.graph("GET", path));
    assert.deepEqual([read.displayName, read.tags, read.notes], ["a", ["y"], null]);
    assert.equal(read.api.requestedAccessTokenVersion, 2);
    assert.deepEqual(read.api.knownClientApplications, []);
  });

  it("answers an unknown application with 404, also its appId in place of its id", async () => {
    const { appId } = await rig.createApplication();
    for (const id of [UNKNOWN_ID, appId])
      for (const method of ["GET", "PATCH", "DELETE"])
        refused(
          await rig.graph(
            method,
            `/applications/${id}`,
            method === "PATCH" ? { displayName: "x" } : undefined,
          ),
          NOT_FOUND,
          `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
        );
  });

  it("wants a display name", async () => {
    for (const body of [{}, { displayName: null }])
      refused(await rig.graph("POST", "/applications", body), BAD_REQUEST, /'displayName'/);
    refused(await rig.graph("POST", "/applications", { displayName: "" }), BAD_REQUEST);
  });

  it("registers an application with secrets, whose texts only that answer shows, and takes empty lists", async () => {
    ok(await rig.graph("POST", "/applications", { displayName: "a", keyCredentials: [] }), 201);
    const body = { displayName: "a", passwordCredentials: [{ displayName: "first" }] };
    const created = ok(await rig.graph("POST", "/applications", body), 201);
    const [secret] = created.passwordCredentials;
    ok(await rig.graph("POST", "/servicePrincipals", { appId: created.appId }), 201);
    ok(await rig.logIn({ clientId: created.appId, clientSecret: secret!.secretText }));
    const read = ok(await rig.graph("GET", `/applications/${created.id}`));
    assert.deepEqual(read.passwordCredentials, [{ ...secret, secretText: null }]);
  });

  it("leaves nothing behind where an application's secret is refused", async () => {
    const ended = { displayName: "a", passwordCredentials: [{ endDateTime: inDays(-1) }] };
    refused(await rig.graph("POST", "/applications", ended), BAD_REQUEST);
    assert.ok(rig.azure.control.state().applications.every(({ initial }) => initial));
  });

  it("reads the beta object as azuread does", async () => {
    const { id } = await rig.createApplication();
    const token = await rig.token("https://graph.microsoft.com/.default");
    const path = `/beta/applications/${id}?$select=oauth2RequirePostResponse`;
    ok(await rig.call("GET", path, { token }));
  });

  describe("lists", () => {
    async function names(query: string): Promise<string[]> {
      const body = ok(await rig.graph("GET", `/applications?${query}`));
      return body.value.map((application: Json) => application.displayName);
    }

    beforeEach(async () => {
      for (const name of ["team-a", "team-b", "it's"])
        await rig.createApplication(name, { tags: [`tag-${name}`], identifierUris: [`api://${name}`] });
    });

    for (const [filter, expected] of [
      ["displayName eq 'team-a'", ["team-a"]],
      ["displayName+eq+'team-a'", ["team-a"]],
      ["displayName eq 'it''s'", ["it's"]],
      ["startswith(displayName,'team-')", ["team-a", "team-b"]],
      ["identifierUris/any(s:s eq 'api://team-b')", ["team-b"]],
      ["tags/any(t:t eq 'tag-team-b')", ["team-b"]],
      ["startswith(displayName,'team-') and tags/any(t:t eq 'tag-team-b')", ["team-b"]],
      ["displayName eq 'no and no'", []],
    ] as const)
      it(`with $filter=${filter}`, async () => {
        assert.deepEqual(await names(`$filter=${filter.replaceAll(" ", "%20")}`), expected);
      });

    it("by appId, as all clients do", async () => {
      const { id, appId } = await rig.createApplication("x");
      const body = ok(await rig.graph("GET", `/applications?$filter=appId+eq+'${appId}'&$select=id`));
      assert.deepEqual(body.value, [{ id }]);
    });

    it("in pages that lead on by absolute links", async () => {
      const seen: string[] = [];
      let link: string | undefined = "/v1.0/applications?$top=2&$filter=startswith(displayName,'team-')";
      await rig.createApplication("team-c");
      const token = await rig.token("https://graph.microsoft.com/.default");
      let pages = 0;
      while (link !== undefined) {
        const body: Json = ok(await rig.call("GET", link, { token }));
        seen.push(...body.value.map(({ displayName }: Json) => displayName));
        link = body["@odata.nextLink"] as string | undefined;
        if (link !== undefined) assert.ok(link.startsWith(`${rig.azure.url}/v1.0/applications?`), link);
        pages += 1;
      }
      assert.deepEqual([seen, pages], [["team-a", "team-b", "team-c"], 2]);
    });

    it("without a link where a page holds the rest", async () => {
      const body = ok(await rig.graph("GET", "/applications?$top=2&$filter=startswith(displayName,'team-')"));
      assert.deepEqual([body.value.length, body["@odata.nextLink"]], [2, undefined]);
    });

    it("with a count", async () => {
      const path = "/v1.0/applications?$count=true&$filter=startswith(displayName,'team-')";
      const token = await rig.token("https://graph.microsoft.com/.default");
      const headers = { consistencylevel: "eventual" };
      assert.equal(ok(await rig.call("GET", path, { token, headers }))["@odata.count"], 2);
      assert.equal(ok(await rig.call("GET", path, { token }))["@odata.count"], undefined);
    });

    it("refuses a filter that it does not understand", async () => {
      for (const filter of ["displayName eq x", "'", "startswith(displayName)", "displayName"])
        refused(await rig.graph("GET", `/applications?$filter=${encodeURIComponent(filter)}`), BAD_REQUEST);
    });

    it("refuses a page size out of range [?]", async () => {
      for (const top of ["0", "1000", "-1", "x"])
        refused(
          await rig.graph("GET", `/applications?$top=${top}`),
          "400 Request_UnsupportedQuery",
          `Invalid page size specified: '${top}'. Must be between 1 and 999 inclusive.`,
        );
    });

    it("answers a query option that it does not know with 501, never with everything", async () => {
      refused(await rig.graph("GET", "/applications?$expand=owners"), "501 NotImplemented", /\$expand/);
    });
  });
});

describe("local Azure: the tenant's policy", () => {
  const rig = useRig();

  it("refuses a secret that lives too long with the body that tenants answer", async () => {
    rig.azure.control.setPolicy({ maxPasswordLifetimeDays: 90 });
    const { id } = await rig.createApplication();
    const start = rig.azure.control.now();
    const endAfter = (days: number) => ({
      passwordCredential: {
        startDateTime: start.toISOString(),
        endDateTime: new Date(start.getTime() + days * 86_400_000).toISOString(),
      },
    });
    ok(await rig.graph("POST", `/applications/${id}/addPassword`, endAfter(90)));
    const answer = await rig.graph("POST", `/applications/${id}/addPassword`, endAfter(91));
    const text =
      /^Credential lifetime exceeds the max value allowed as per assigned policy '[0-9a-f-]{36}'\.$/;
    refused(answer, "400 CredentialInvalidLifetimeAsPerAppPolicy", text);
    assert.deepEqual(answer.body.error.details, [
      { code: "InvalidKeyEndDate", message: answer.body.error.message, target: "EndDate" },
    ]);
    refused(
      await rig.graph("POST", `/applications/${id}/addPassword`, {}),
      "400 CredentialInvalidLifetimeAsPerAppPolicy",
    );
  });

  it("requires a service management reference at creation and at every change", async () => {
    const { id } = await rig.createApplication();
    rig.azure.control.setPolicy({ requireServiceManagementReference: true });
    refused(
      await rig.graph("POST", "/applications", { displayName: "a" }),
      BAD_REQUEST,
      /^ServiceManagementReference field is required for Create, but is missing in the request\. Refer to the TSG/,
    );
    refused(
      await rig.graph("PATCH", `/applications/${id}`, { displayName: "b" }),
      BAD_REQUEST,
      /required for Update/,
    );
    const reference = { serviceManagementReference: UNKNOWN_ID };
    ok(await rig.graph("POST", "/applications", { displayName: "a", ...reference }), 201);
    ok(await rig.graph("PATCH", `/applications/${id}`, reference), 204);
  });
});

/** The parts of a complex value that were sent. */
function pick(value: unknown, sent: unknown): unknown {
  if (typeof sent !== "object" || sent === null || Array.isArray(sent)) return value;
  const parts = value as Record<string, unknown> | undefined;
  return Object.fromEntries(Object.entries(sent).map(([name, part]) => [name, pick(parts?.[name], part)]));
}
