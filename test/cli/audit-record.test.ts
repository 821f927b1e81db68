import assert from "node:assert/strict";
import { readRecord } from "../../cli/audit/record";
import { COMPONENT, type Deployment } from "../../cli/audit/deployment";
import { createDeployment, IDS, URNS } from "./audit-fixture";

describe("audit: the record of a state", () => {
  it("has the instance ID, tenant and subscription", () => {
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

  describe("a run that took away what the program declares", () => {
    const urns = (...names: (keyof typeof URNS)[]) => new Set<string>(names.map((name) => URNS[name]));
    const details = (more: object = {}) => ({
      applicationObjectId: IDS.application,
      servicePrincipalObjectId: IDS.principal,
      secrets: [{}],
      roles: [{}],
      trusts: [{}],
      ...more,
    });
    /** The outputs of the last `up` that finished, and what is left of the state. */
    const state = (change: {
      details?: object;
      gone?: Set<string>;
      going?: Set<string>;
      leaving?: Set<string>;
    }): Deployment => {
      const { gone = new Set(), going = new Set(), leaving = new Set() } = change;
      const resources = createDeployment().resources!.map((one) => ({
        ...one,
        ...(one.type === COMPONENT && { outputs: { details: details(change.details) } }),
        ...(leaving.has(one.urn) && { delete: true }),
      }));
      return {
        resources: resources.filter(({ urn }) => !gone.has(urn)),
        pending_operations: resources
          .filter(({ urn }) => going.has(urn))
          .map((resource) => ({ resource, type: "deleting" })),
      };
    };
    const CASES: [what: string, change: Parameters<typeof state>[0], expected: boolean][] = [
      ["nothing is missing", {}, false],
      ["a secret that is declared is being removed", { going: urns("secret") }, true],
      ["a role that is declared is being removed", { going: urns("role") }, true],
      [
        "the application is being removed",
        { gone: urns("secret", "role"), going: urns("application") },
        true,
      ],
      ["they are gone, and nothing was under way", { gone: urns("secret", "role") }, true],
      [
        "a role that is declared no longer is being removed",
        { going: urns("role"), details: { roles: [] } },
        false,
      ],
      [
        "a secret that was replaced is being removed",
        { going: urns("secret"), leaving: urns("secret"), details: { secrets: [] } },
        false,
      ],
      [
        "an application that was replaced by somebody else's is being removed",
        { going: urns("application"), details: { applicationObjectId: undefined } },
        false,
      ],
      ["a trust is being removed: another one may take its place", { going: urns("trust") }, false],
      [
        "a trust is being removed, and nothing else gives access",
        { going: urns("trust"), details: { secrets: [], roles: [] } },
        true,
      ],
    ];
    for (const [what, change, expected] of CASES) {
      it(what, () => assert.equal(readRecord(state(change)).isIncomplete, expected));
    }

    it("outputs without details, as before the first up has finished, say nothing", () => {
      assert.equal(readRecord(createDeployment()).isIncomplete, false);
    });
  });
});
