import assert from "node:assert/strict";
import { BAD_REQUEST, ok, refused, refusedToken, useRig } from "./rig";

const GITHUB = "https://token.actions.githubusercontent.com";
const AUDIENCE = "api://AzureADTokenExchange";

describe("local Azure: flexible federated credentials", () => {
  const rig = useRig();
  let path: string;
  let clientId: string;

  beforeEach(async () => {
    const login = await rig.createLogin("flexible");
    path = `/applications/${login.applicationId}/federatedIdentityCredentials`;
    ({ clientId } = login);
  });

  const beta = async (method: string, url: string, json?: unknown) => {
    const token = await rig.token("https://graph.microsoft.com/.default");
    return rig.call(method, `/beta${url}`, json === undefined ? { token } : { token, json });
  };
  const body = (value: string, more: object = {}) => ({
    name: "flexible",
    issuer: GITHUB,
    audiences: [AUDIENCE],
    claimsMatchingExpression: { value, languageVersion: 1 },
    ...more,
  });

  async function logIn(claims: { sub: string; [claim: string]: unknown }) {
    const issuer = await rig.azure.control.declareIssuer(GITHUB);
    const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    const assertion = await issuer.sign({ aud: AUDIENCE, ...claims });
    return rig.requestToken({
      client_id: clientId,
      client_assertion: assertion,
      client_assertion_type: type,
    });
  }

  it("are stored, and shown in the beta alone", async () => {
    const expression = "claims['sub'] matches 'repo:contoso/ml:*'";
    const made = ok(await beta("POST", path, body(expression)), 201);
    const read = ok(await beta("GET", `${path}/${made.id}`));
    assert.deepEqual(
      [read.subject, read.claimsMatchingExpression],
      [null, { value: expression, languageVersion: 1 }],
    );
    assert.equal("claimsMatchingExpression" in ok(await rig.graph("GET", `${path}/flexible`)), false);
    refused(await rig.graph("POST", path, body(expression, { name: "other" })), BAD_REQUEST);
    const [state] = rig.azure.control.state().applications.filter(({ appId }) => appId === clientId);
    assert.equal(state?.federatedCredentials[0]?.claimsMatchingExpression, expression);
  });

  for (const [expression, subject, matches] of [
    ["claims['sub'] matches 'repo:contoso/ml:*'", "repo:contoso/ml:ref:refs/heads/main", true],
    ["claims['sub'] matches 'repo:contoso/ml:*'", "repo:contoso/ml-other:ref:refs/heads/main", false],
    ["claims['sub'] matches 'repo:contoso/m?:environment:prod'", "repo:contoso/ml:environment:prod", true],
    ["claims['sub'] matches 'repo:contoso/m?:environment:prod'", "repo:contoso/mll:environment:prod", false],
    ["claims['sub'] matches 'repo:contoso/ml:*'", "REPO:contoso/ml:pull_request", false],
    ["claims['sub'] eq 'repo:contoso/*'", "repo:contoso/ml", false],
    ["claims['sub'] eq 'repo:contoso/ml:pull_request'", "repo:contoso/ml:pull_request", true],
    ["claims['sub'] matches 'repo:c.ntoso/*'", "repo:contoso/ml", false],
  ] as const)
    it(`${expression} ${matches ? "lets in" : "keeps out"} ${subject}`, async () => {
      ok(await beta("POST", path, body(expression)), 201);
      const answer = await logIn({ sub: subject });
      if (matches) ok(answer);
      else refusedToken(answer, 401, "invalid_client", 700213);
    });

  it("name a further claim where GitHub has one, joined by and", async () => {
    const expression =
      "claims['sub'] matches 'repo:contoso/*' and claims['job_workflow_ref'] matches 'contoso/shared/.github/*'";
    ok(await beta("POST", path, body(expression)), 201);
    ok(
      await logIn({
        sub: "repo:contoso/ml:pull_request",
        job_workflow_ref: "contoso/shared/.github/workflows/x.yml",
      }),
    );
    refusedToken(await logIn({ sub: "repo:contoso/ml:pull_request" }), 401, "invalid_client", 700213);
  });

  for (const [what, sent] of [
    ["an unknown operator", body("claims['sub'] like 'x'")],
    ["an unknown claim", body("claims['actor'] eq 'x'")],
    ["or", body("claims['sub'] eq 'x' or claims['sub'] eq 'y'")],
    ["no text", body("claims['sub'] eq x")],
    ["nothing", body("")],
    [
      "another language",
      {
        ...body("claims['sub'] eq 'x'"),
        claimsMatchingExpression: { value: "claims['sub'] eq 'x'", languageVersion: 2 },
      },
    ],
    [
      "an issuer that Entra does not know",
      body("claims['sub'] eq 'x'", { issuer: "https://issuer.example" }),
    ],
    [
      "a claim of GitHub's at GitLab",
      body("claims['job_workflow_ref'] eq 'x'", { issuer: "https://gitlab.com" }),
    ],
    ["a subject as well", body("claims['sub'] eq 'x'", { subject: "y" })],
    ["neither subject nor expression", { name: "none", issuer: GITHUB, audiences: [AUDIENCE] }],
  ] as const)
    it(`refuse ${what} [?]`, async () => {
      refused(await beta("POST", path, sent), "400 InvalidFederatedIdentityCredentialValue");
    });

  it("are changed in place, and from a subject to an expression and back", async () => {
    ok(await beta("POST", path, body("claims['sub'] eq 'a'")), 201);
    ok(await beta("PATCH", `${path}/flexible`, { subject: "b", claimsMatchingExpression: null }), 204);
    ok(await logIn({ sub: "b" }));
    const claimsMatchingExpression = { value: "claims['sub'] eq 'c'", languageVersion: 1 };
    ok(await beta("PATCH", `${path}/flexible`, { subject: null, claimsMatchingExpression }), 204);
    ok(await logIn({ sub: "c" }));
  });

  it("count towards the 20 of an application", async () => {
    for (let index = 0; index < 19; index++)
      ok(
        await rig.graph("POST", path, {
          name: `trust-${index}`,
          issuer: GITHUB,
          audiences: [AUDIENCE],
          subject: `s${index}`,
        }),
        201,
      );
    ok(await beta("POST", path, body("claims['sub'] matches 'a*'")), 201);
    const last = await beta("POST", path, body("claims['sub'] matches 'b*'", { name: "last" }));
    refused(last, "403 Directory_ResourceSizeExceeded");
  });

  it("answer an assertion whose aud is no text with 50027, not 500 [?]", async () => {
    ok(await beta("POST", path, body("claims['sub'] eq 'a'")), 201);
    for (const aud of [1, { a: 1 }, [1], true]) {
      const answer = await logIn({ sub: "a", aud: aud });
      refusedToken(answer, 400, "invalid_request", 50027);
    }
  });
});
