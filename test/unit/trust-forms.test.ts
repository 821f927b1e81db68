import assert from "node:assert/strict";
import { github, refuse, resolve } from "../support/trusts";

const GITHUB = "https://token.actions.githubusercontent.com";
const RAW = { issuer: "https://issuer.example/", subject: "job" };

describe("An issuer or a name", () => {
  for (const issuer of [
    GITHUB,
    `${GITHUB}/octo-org`,
    "https://gitlab.example",
    "https://x.auth0.com/",
    "https://issuer.example:8443/realms/a",
  ]) {
    it(`can be ${issuer}`, () => assert.equal(resolve({ issuer, subject: "repo:o/r" })[0]!.issuer, issuer));
  }

  for (const issuer of [
    "https://user:pw@issuer.example",
    "https://issuer.example/a b",
    "https://\u0456ssuer.example",
    "https://issuer.example?x=1",
    "https://issuer.example#x",
    "https://issuer.example\u200b",
    "https://issuer.example:443",
    "https://",
    "gitlab.example",
  ]) {
    it(`is no issuer: ${JSON.stringify(issuer)}`, () =>
      assert.match(refuse({ issuer, subject: "job" })[0]!, /issuer must be the issuer of the tokens/));
  }

  it("is a number, a date or nothing where a text belongs: it has to stand in quotes", () => {
    for (const tag of [2024, 1.1, true, null]) {
      assert.match(refuse(github({ tag })).join("\n"), /put it in quotes/, String(tag));
    }
  });

  it("holds characters that nobody sees", () => {
    for (const hidden of ["\u202e", "\u200b", "\u001b", "\n"]) {
      assert.ok(refuse({ ...RAW, subject: `a${hidden}b` }).length > 0);
      assert.ok(refuse(github({ environment: `a${hidden}b` })).length > 0);
      const shown = refuse({ ...RAW, subject: `a${hidden}b` }).join("");
      assert.ok(!shown.includes(hidden), "and is not printed as it is");
    }
  });
});

describe("A trust in claims that match an expression", () => {
  const expression = "claims['sub'] matches 'repo:octocat/training:ref:refs/heads/release-*'";

  it("is the expression, with a warning of what a pattern lets in", () => {
    const [trust] = resolve({ issuer: GITHUB, claimsMatchingExpression: expression });
    assert.deepEqual(
      [trust!.issuer, trust!.subject, trust!.claimsMatchingExpression, trust!.audience],
      [GITHUB, undefined, expression, "api://AzureADTokenExchange"],
    );
    assert.match(trust!.warning!, /Everybody who can make a job whose token matches can log in/);
    assert.match(trust!.warning!, /does not match immutable subjects/);
  });

  it("may compare several claims", () => {
    const both = `${expression} and claims['job_workflow_ref'] eq 'octocat/training/.github/workflows/run.yml@refs/heads/main'`;
    assert.equal(
      resolve({ issuer: GITHUB, claimsMatchingExpression: both })[0]!.claimsMatchingExpression,
      both,
    );
  });

  const wrong: [string, Record<string, unknown>][] = [
    ["another issuer", { issuer: "https://issuer.example" }],
    ["a subject beside it", { subject: "job" }],
    ["another operator", { claimsMatchingExpression: "claims['sub'] startsWith 'repo:'" }],
    ["an issuer that only begins like one of the three", { issuer: "https://gitlab.company.com" }],
    ["a claim that Entra does not take", { claimsMatchingExpression: "claims['actor'] eq 'octocat'" }],
    [
      "a claim that Entra takes of another issuer",
      { issuer: "https://gitlab.com", claimsMatchingExpression: "claims['job_workflow_ref'] eq 'x'" },
    ],
    ["no comparison", { claimsMatchingExpression: "repo:octocat/training:*" }],
    ["or", { claimsMatchingExpression: `${expression} or ${expression}` }],
  ];
  for (const [what, fields] of wrong) {
    it(`is refused with ${what}`, () =>
      assert.ok(refuse({ issuer: GITHUB, claimsMatchingExpression: expression, ...fields }).length > 0));
  }

  it("counts towards the 20", () => {
    const list = Array.from({ length: 21 }, (_, i) => ({
      issuer: GITHUB,
      claimsMatchingExpression: `claims['sub'] matches 'repo:octocat/r${i}:*'`,
    }));
    assert.match(refuse(...list)[0]!, /have 20 entries at most/);
  });
});
