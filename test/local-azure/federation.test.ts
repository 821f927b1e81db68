import assert from "node:assert/strict";
import * as jose from "jose";
import type { DeclaredIssuer } from "../../local-azure/local-azure";
import { type Answer, type Created, ok, refusedToken, useRig } from "./rig";

const GITHUB = "https://token.actions.githubusercontent.com";
const SUBJECT = "repo:contoso/ml:ref:refs/heads/main";
const AUDIENCE = "api://AzureADTokenExchange";
const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const GOOD = { sub: SUBJECT, aud: AUDIENCE };

describe("local Azure: token endpoint with the token of another issuer", () => {
  const rig = useRig();
  let github: DeclaredIssuer;
  let login: Created;

  beforeEach(async () => {
    github = await rig.azure.control.declareIssuer(GITHUB);
    login = await rig.createLogin("federated");
    ok(await trust({ name: "github", issuer: GITHUB, subject: SUBJECT }), 201);
  });

  function trust(credential: { name: string; issuer: string; subject: string }): Promise<Answer> {
    const path = `/applications/${login.applicationId}/federatedIdentityCredentials`;
    return rig.graph("POST", path, { ...credential, audiences: [AUDIENCE] });
  }

  function present(assertion: string): Promise<Answer> {
    return rig.requestToken({
      client_id: login.clientId,
      client_assertion: assertion,
      client_assertion_type: ASSERTION_TYPE,
    });
  }

  it("issues a token that says it came from an assertion", async () => {
    const claims = jose.decodeJwt(ok(await present(await github.sign(GOOD))).access_token);
    assert.equal(claims.appidacr, "2");
    assert.equal(claims.oid, login.principalId);
  });

  it("names issuer before subject before audience", async () => {
    const wrong = { sub: "x", aud: "y" };
    refusedToken(
      await present(await github.sign(wrong, { issuer: "https://i" })),
      401,
      "invalid_client",
      700211,
    );
    refusedToken(await present(await github.sign(wrong)), 401, "invalid_client", 700213);
  });

  it("wants issuer and subject in one credential", async () => {
    await rig.azure.control.declareIssuer("https://other.example");
    ok(await trust({ name: "other", issuer: "https://other.example", subject: "x" }), 201);
    refusedToken(await present(await github.sign({ ...GOOD, sub: "x" })), 401, "invalid_client", 700213);
  });

  it("answers an expired assertion and one that is not valid yet with 700024, on the machine's time", async () => {
    rig.azure.control.advanceClock({ days: -400 });
    const expired = await present(await github.sign(GOOD, { expiresInSeconds: -3600 }));
    refusedToken(expired, 401, "invalid_client", 700024);
    const early = await github.sign(GOOD, { notBeforeInSeconds: 3600, expiresInSeconds: 7200 });
    refusedToken(await present(early), 401, "invalid_client", 700024);
  });

  it("answers an assertion without signature (alg none) with 700027 [?]", async () => {
    const parts = [{ alg: "none" }, { ...GOOD, iss: GITHUB, exp: Math.floor(Date.now() / 1000) + 300 }];
    const unsigned = `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`;
    refusedToken(await present(unsigned), 401, "invalid_client", 700027);
  });

  for (const text of ["a.b", "no token at all", "a.b.c", ""])
    it(`answers "${text}" in place of an assertion with ${text === "" ? 7000216 : "50027 [?]"}`, async () => {
      const answer = await present(text);
      if (text === "") refusedToken(answer, 401, "invalid_client", 7000216);
      else refusedToken(answer, 400, "invalid_request", 50027);
    });

  it("answers an issuer that is trusted but whose keys nobody declared with 501661 [?]", async () => {
    ok(await trust({ name: "nobody", issuer: "https://nobody.example", subject: SUBJECT }), 201);
    const answer = await present(await github.sign(GOOD, { issuer: "https://nobody.example" }));
    refusedToken(answer, 400, "invalid_request", 501661);
  });
});
