import assert from "node:assert/strict";
import fc from "fast-check";
import { parseFilter } from "../../local-azure/graph/filter";
import { APPLICATIONS } from "../../local-azure/graph/odata";
import { Refusal } from "../../local-azure/refusal";
import { ExpressionError } from "../../local-azure/store/boolean-expression";
import { parseClaimsExpression } from "../../local-azure/store/claims-expression";
import { parseCondition } from "../../local-azure/store/conditions";
import { useRig } from "./rig";

const RUNS = { numRuns: 500 };

/** Texts that look like expressions, mixed with texts that do not. */
function mixed(...words: readonly string[]): fc.Arbitrary<string> {
  const word = fc.oneof(
    { arbitrary: fc.constantFrom(...words), weight: 4 },
    { arbitrary: fc.string(), weight: 1 },
  );
  return fc.array(word, { maxLength: 12 }).map((parts) => parts.join(" "));
}

describe("local Azure: hostile input", () => {
  const rig = useRig();

  it("never gets past the reader of $filter but as a filter or a refusal", () => {
    const text = mixed(
      "displayName",
      "eq",
      "'a'",
      "and",
      "or",
      "not",
      "(",
      ")",
      "tags/any(t:t",
      "startswith(",
      ",",
      "null",
      "in",
    );
    fc.assert(
      fc.property(text, fc.dictionary(fc.string(), fc.jsonValue()), (filter, item) => {
        try {
          assert.equal(typeof parseFilter(filter, APPLICATIONS, true)(item), "boolean");
        } catch (error) {
          assert.ok(error instanceof Refusal, String(error));
        }
      }),
      RUNS,
    );
  });

  it("never makes a condition or an expression that is not understood hold", () => {
    const condition = mixed(
      "ActionMatches{'x'}",
      "@Request[a/b:C]",
      "GuidEquals",
      "AND",
      "OR",
      "!",
      "(",
      ")",
      "{'v'}",
      "'v'",
    );
    const claims = mixed("claims['sub']", "eq", "matches", "'x*'", "and", "(", ")");
    const subject = { action: "y", request: {}, resource: {} };
    fc.assert(
      fc.property(condition, claims, (one, other) => {
        for (const read of [
          () => parseCondition(one)(subject),
          () => parseClaimsExpression(other, "https://gitlab.com")({ sub: "y" }),
        ])
          try {
            assert.equal(typeof read(), "boolean");
          } catch (error) {
            assert.ok(error instanceof ExpressionError, String(error));
          }
      }),
      RUNS,
    );
  });

  it("is answered by the services with a refusal, never with a defect", async () => {
    const graph = await rig.token("https://graph.microsoft.com/.default");
    const arm = await rig.token("https://management.azure.com/.default");
    const { applicationId: id, clientId: appId } = await rig.createLogin();
    const assignment = `${rig.group}/providers/Microsoft.Authorization/roleAssignments/${id}?api-version=2022-04-01`;
    const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.constantFrom(
            "name",
            "issuer",
            "subject",
            "displayName",
            "web",
            "tags",
            "properties",
            "keyCredentials",
            "passwordCredential",
            "aud",
            "iss",
            "sub",
            "exp",
            "kid",
            "x5t",
          ),
          fc.jsonValue(),
        ),
        async (body) => {
          const assertion = `${encode(body)}.${encode({ ...body, iss: "a", sub: "b", exp: 1 })}.x`;
          const answers = await Promise.all([
            rig.call("POST", "/v1.0/applications", { token: graph, json: body }),
            rig.call("PATCH", `/v1.0/applications/${id}`, { token: graph, json: body }),
            rig.call("POST", `/v1.0/applications/${id}/addPassword`, { token: graph, json: body }),
            rig.call("POST", `/beta/applications/${id}/federatedIdentityCredentials`, {
              token: graph,
              json: body,
            }),
            rig.call("PUT", assignment, { token: arm, json: body }),
            rig.requestToken({ client_id: appId, client_assertion: assertion, client_assertion_type: type }),
          ]);
          for (const { status, text } of answers)
            assert.ok(status < 500, `${status} ${text} for ${JSON.stringify(body)}`);
        },
      ),
      { numRuns: 100 },
    );
  });
});
