import assert from "node:assert/strict";
import { readRecord } from "../../cli/audit/record";
import { createDeployment, IDS, URNS } from "./audit-fixture";

describe("audit: the record of a state", () => {
  it("takes the instance ID from the resource of that name, not from the calendar", () => {
    const record = readRecord(createDeployment());
    assert.equal(record.instances[0]!.instanceId, IDS.instance);
    assert.equal(record.tenantId, IDS.tenant);
    assert.deepEqual(record.subscriptionIds, [IDS.subscription]);
  });

  it("keeps the components of a program apart", () => {
    const one = createDeployment().resources!;
    const two = one.map((resource) => ({
      ...resource,
      urn: resource.urn.replace(/::himl([^:]*)$/, "::second$1"),
      ...(resource.parent && { parent: resource.parent.replace(/::himl$/, "::second") }),
    }));
    const { instances } = readRecord({ resources: [...one, ...two.slice(1)] });
    assert.deepEqual(
      instances.map(({ name, secrets, instanceId }) => [name, secrets.length, instanceId]),
      [
        ["himl", 1, IDS.instance],
        ["second", 1, IDS.instance],
      ],
    );
  });

  it("is empty after destroy, and knows what was under way", () => {
    assert.equal(readRecord({}).isEmpty, true);
    const resource = createDeployment().resources![6]!;
    const record = readRecord({ pending_operations: [{ resource, type: "creating" }] });
    assert.deepEqual(record.pendingOperations, [{ urn: URNS.secret, type: "creating" }]);
  });

  it("reads flexible trusts", () => {
    const deployment = createDeployment();
    const type =
      "azuread:index/applicationFlexibleFederatedIdentityCredential:ApplicationFlexibleFederatedIdentityCredential";
    const flexible = deployment.resources!.map((resource) =>
      resource.urn === URNS.trust
        ? {
            ...resource,
            type,
            outputs: {
              ...resource.outputs,
              subject: undefined,
              audiences: undefined,
              audience: "api://x",
              claimsMatchingExpression: "claims['sub'] matches 'repo:o/*'",
            },
          }
        : resource,
    );
    const [trust] = readRecord({ resources: flexible }).instances[0]!.trusts;
    assert.deepEqual([trust!.matches, trust!.audiences], ["claims['sub'] matches 'repo:o/*'", ["api://x"]]);
  });
});
