import assert from "node:assert/strict";
import { readRecord } from "../../cli/audit/record";
import { COMPONENT, type Deployment } from "../../cli/audit/deployment";
import { createDeployment, IDS, urnOf, URNS } from "./audit-fixture";

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

  describe("a run that took away what the program declares", () => {
    const urns = (...names: (keyof typeof URNS)[]) => new Set<string>(names.map((name) => URNS[name]));
    const details = (more: object = {}) => ({
      secretsSince: "2026-08-27",
      secrets: [{ current: true, starts: "2026-11-25T00:00:00Z" }],
      roles: [{}],
      trusts: [{}],
      ...more,
    });
    const MARKS = ["himl-period-90-1-1", "himl-period-90-1-0"];
    /** The outputs of the last `up` that finished, and what is left of the state. */
    const state = (change: {
      details?: object;
      gone?: Set<string>;
      going?: Set<string>;
      leaving?: Set<string>;
      hasMark?: boolean;
    }): Deployment => {
      const { gone = new Set(), going = new Set(), leaving = new Set(), hasMark = true } = change;
      const resources = createDeployment().resources!.map((one) => ({
        ...one,
        ...(one.type === COMPONENT && { outputs: { details: details(change.details) } }),
        ...(leaving.has(one.urn) && { delete: true }),
      }));
      const secret = resources.find(({ urn }) => urn === URNS.secret)!;
      const marks = MARKS.slice(hasMark ? 0 : 1).map((name) => ({
        ...secret,
        type: "random:index/randomUuid:RandomUuid",
        urn: urnOf("random:index/randomUuid:RandomUuid", name),
      }));
      const all = [...resources, ...marks];
      return {
        resources: all.filter(({ urn }) => !gone.has(urn)),
        pending_operations: all
          .filter(({ urn }) => going.has(urn))
          .map((resource) => ({ resource, type: "deleting" })),
      };
    };
    const CASES: [what: string, change: Parameters<typeof state>[0], expected: boolean][] = [
      ["nothing is missing", {}, false],
      ["a secret that is declared is being removed", { going: urns("secret") }, true],
      ["a role that is declared is being removed", { going: urns("role") }, true],
      ["they are gone, with the mark of the period", { gone: urns("secret", "role"), hasMark: false }, true],
      [
        "they are gone, and the mark is there: a refresh found that Azure has lost them",
        { gone: urns("secret", "role") },
        false,
      ],
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
      ["a trust is being removed: another one may take its place", { going: urns("trust") }, false],
      [
        "a trust is being removed, and there is nothing else",
        { going: urns("trust"), details: { secrets: [], roles: [] }, hasMark: false },
        true,
      ],
    ];
    for (const [what, change, expected] of CASES) {
      it(what, () => assert.equal(readRecord(state(change)).isHalfDestroyed, expected));
    }

    it("outputs without details, as before the first up has finished, say nothing", () => {
      assert.equal(readRecord(createDeployment()).isHalfDestroyed, false);
    });
  });
});
