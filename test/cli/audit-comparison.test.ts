import assert from "node:assert/strict";
import type { Deployment } from "../../cli/audit/deployment";
import {
  applicationFacts,
  type Case,
  compare,
  createComparison,
  createDeployment,
  IDS,
  OWN_SECRET,
  PAST,
  principalFacts,
  roleFacts,
  SOON,
  STRANGE,
  testCases,
  trustFacts,
  URNS,
} from "./audit-fixture";

/** As the engine records what depends on a secret setting: all but what Azure itself gives. */
function encryptOutputs({ resources = [] }: Deployment): Deployment {
  const plain = ["objectId", "clientId", "keyId", "applicationId", "credentialId", "result"];
  const encrypt = ([name, value]: [string, unknown]) => [
    name,
    plain.includes(name) ? value : { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" },
  ];
  return {
    resources: resources.map(({ outputs = {}, ...one }) => ({
      ...one,
      outputs: Object.fromEntries(Object.entries(outputs).map(encrypt)) as Record<string, unknown>,
    })),
  };
}

const CASES: Case[] = [
  ["nothing differs", {}, []],
  [
    "letter case of IDs differs",
    { instance: { principal: principalFacts({ objectId: IDS.principal.toUpperCase() }) } },
    [],
  ],

  [
    "the application is missing",
    { instance: { application: null, principal: null, trusts: [] }, answers: { taggedApplications: [] } },
    [
      {
        code: "APPLICATION_MISSING",
        action: { kind: "refresh", urns: [URNS.application, URNS.principal, URNS.secret, URNS.trust] },
      },
    ],
  ],
  [
    "somebody else's application is missing: nothing can be made anew",
    {
      deployment: createDeployment({ external: true }),
      instance: { application: null, principal: null },
      answers: { taggedApplications: [] },
    },
    [{ code: "APPLICATION_MISSING", action: undefined }],
  ],
  [
    "the application has lost its tag, and has another name",
    { instance: { application: applicationFacts({ tags: [], displayName: "mine" }) } },
    [
      {
        code: "APPLICATION_CHANGED",
        detail:
          "Somebody changed it: it has lost the tag that marks it as this stack's; its name is mine, not himl-ws-ml-dev.",
        action: { kind: "refresh", urns: [URNS.application] },
      },
    ],
  ],
  [
    "the principal is missing",
    { instance: { principal: null } },
    [{ code: "PRINCIPAL_MISSING", action: { kind: "refresh", urns: [URNS.principal] } }],
  ],
  [
    "the principal is another one",
    { instance: { principal: principalFacts({ objectId: STRANGE }) } },
    [{ code: "PRINCIPAL_MISSING", action: { kind: "refresh", urns: [URNS.principal] } }],
  ],
  [
    "the principal was disabled: it may be meant to stay so",
    { instance: { principal: principalFacts({ isEnabled: false }) } },
    [{ code: "PRINCIPAL_CHANGED", action: undefined }],
  ],
  [
    "a secret is missing",
    { instance: { application: applicationFacts({ secrets: [] }) } },
    [{ code: "SECRET_MISSING", action: { kind: "refresh", urns: [URNS.secret] } }],
  ],
  [
    "a secret that was to be removed is missing",
    {
      deployment: createDeployment({ leaving: "secret" }),
      instance: { application: applicationFacts({ secrets: [] }) },
    },
    [{ code: "SECRET_MISSING", action: { kind: "refresh", urns: [URNS.secret] } }],
  ],
  [
    "a secret that is to be removed is still there",
    { deployment: createDeployment({ leaving: "secret" }) },
    [{ code: "REPLACED_SECRET", level: "danger", action: { kind: "up" } }],
  ],
  [
    "a secret ends at another time",
    {
      instance: {
        application: applicationFacts({ secrets: [{ ...OWN_SECRET, ends: "2030-01-01T00:00:00Z" }] }),
      },
    },
    [{ code: "SECRET_CHANGED", action: { kind: "refresh", urns: [URNS.secret] } }],
  ],
  [
    "a secret's end is spelled in another way",
    {
      instance: {
        application: applicationFacts({
          secrets: [{ ...OWN_SECRET, ends: SOON.replace(/(\.\d+)?Z$/, ".0000000Z") }],
        }),
      },
    },
    [],
  ],
  [
    "a trust is missing",
    { instance: { trusts: [] } },
    [{ code: "TRUST_MISSING", action: { kind: "refresh", urns: [URNS.trust] } }],
  ],
  [
    "a trust lets other jobs in",
    { instance: { trusts: [trustFacts({ matches: "repo:evil/r:ref:refs/heads/main" })] } },
    [
      {
        code: "TRUST_CHANGED",
        level: "danger",
        detail:
          "Somebody changed it: jobs with repo:evil/r:ref:refs/heads/main of https://token.actions.githubusercontent.com (audience api://AzureADTokenExchange) can log in instead.",
        action: { kind: "refresh", urns: [URNS.trust] },
      },
    ],
  ],
  [
    "a role is missing",
    { answers: { roles: [] } },
    [{ code: "ROLE_MISSING", action: { kind: "refresh", urns: [URNS.role] } }],
  ],
  [
    "what the state keeps encrypted is not compared",
    { deployment: encryptOutputs(createDeployment()), answers: { roles: [roleFacts({ roleId: STRANGE })] } },
    [],
  ],
  [
    "nothing is said of what could not be read",
    {
      instance: {
        application: undefined,
        principal: undefined,
        trusts: undefined,
        applicationOwners: undefined,
      },
      answers: { roles: undefined, taggedApplications: undefined, deletedApplications: undefined },
    },
    [],
  ],
];

describe("audit: what the stack records", () => {
  testCases(CASES);

  it("an expired secret of the stack: a plain up is enough", () => {
    const deployment = createDeployment();
    for (const resource of deployment.resources!) {
      if (resource.urn === URNS.secret) resource.outputs!["endDate"] = PAST;
    }
    const application = applicationFacts({ secrets: [{ ...OWN_SECRET, ends: PAST }] });
    const found = compare(createComparison({ deployment, instance: { application } }));
    assert.deepEqual(
      found.map(({ code, action }) => [code, action]),
      [["SECRET_EXPIRED", { kind: "up" }]],
    );
  });

  it("an application of our own without a recorded principal: a plain up takes it over", () => {
    const resources = createDeployment().resources!.filter(({ urn }) => urn !== URNS.principal);
    const found = compare(createComparison({ deployment: { resources }, instance: { principalOwners: [] } }));
    assert.deepEqual(
      found.map(({ code, action }) => [code, action]),
      [["PRINCIPAL_NOT_RECORDED", { kind: "up" }]],
    );
  });
});
