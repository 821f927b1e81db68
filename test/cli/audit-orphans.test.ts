import assert from "node:assert/strict";
import {
  instanceTag,
  PROGRAM_TAG,
  secretDisplayName,
  trustDescription,
} from "../../components/plan/ownership";
import { needsAction } from "../../cli/audit/findings";
import {
  applicationFacts,
  type Case,
  compare,
  createComparison,
  createDeployment,
  GROUP,
  IDS,
  OWN_SECRET,
  PAST,
  principalFacts,
  roleFacts,
  secretFacts,
  STRANGE,
  testCases,
  trustFacts,
  URNS,
} from "./audit-fixture";

const CASES: Case[] = [
  [
    "a secret of ours that is not recorded is never kept",
    {
      instance: {
        application: applicationFacts({
          secrets: [OWN_SECRET, secretFacts(STRANGE, secretDisplayName(IDS.instance, "b"))],
        }),
      },
    },
    [
      {
        code: "ORPHAN_SECRET",
        level: "leftover",
        action: { kind: "removeSecret", applicationId: IDS.application, keyId: STRANGE },
      },
    ],
  ],
  [
    "a secret of another instance is only told",
    {
      instance: {
        application: applicationFacts({
          secrets: [OWN_SECRET, secretFacts(STRANGE, secretDisplayName(IDS.other, "b"))],
        }),
      },
    },
    [{ code: "OTHER_INSTANCE", level: "notice", action: undefined }],
  ],
  [
    "a trust of ours that is not recorded, and one of another instance",
    {
      instance: {
        trusts: [
          trustFacts(),
          trustFacts({ id: STRANGE, description: trustDescription(IDS.instance) }),
          trustFacts({ id: IDS.other, description: trustDescription(IDS.other) }),
        ],
      },
    },
    [
      { code: "ORPHAN_TRUST", action: { kind: "removeTrust", applicationId: IDS.application, id: STRANGE } },
      { code: "OTHER_INSTANCE", action: undefined },
    ],
  ],
  [
    "a role of ours that is not recorded, also of a principal that is gone",
    {
      deployment: { resources: createDeployment().resources!.filter(({ urn }) => urn !== URNS.role) },
      instance: { principal: null },
    },
    [
      { code: "PRINCIPAL_MISSING" },
      { code: "ORPHAN_ROLE", action: { kind: "removeRole", id: roleFacts().id } },
    ],
  ],
  [
    "an application of ours that is not recorded; those of others are only listed",
    {
      answers: {
        taggedApplications: [
          applicationFacts(),
          applicationFacts({ objectId: STRANGE }),
          applicationFacts({ objectId: IDS.other, tags: [PROGRAM_TAG, instanceTag(IDS.other)] }),
          applicationFacts({ objectId: IDS.owner, tags: [PROGRAM_TAG] }),
        ],
      },
    },
    [
      { code: "ORPHAN_APPLICATION", action: { kind: "removeApplication", id: STRANGE } },
      { code: "OTHER_INSTANCE", action: undefined },
      { code: "OTHER_INSTANCE", action: undefined },
    ],
  ],
  [
    "a principal that was made for somebody else's application",
    {
      answers: {
        taggedPrincipals: [
          principalFacts({
            objectId: STRANGE,
            clientId: STRANGE,
            tags: [PROGRAM_TAG, instanceTag(IDS.instance)],
          }),
          principalFacts({
            objectId: IDS.other,
            clientId: STRANGE,
            tags: [PROGRAM_TAG, instanceTag(IDS.other)],
          }),
        ],
      },
    },
    [{ code: "ORPHAN_PRINCIPAL", action: { kind: "removePrincipal", id: STRANGE } }],
  ],
  [
    "what is in the recycle bin can be purged, the principal before the application by which it is known",
    {
      answers: {
        deletedApplications: [
          { ...applicationFacts({ objectId: STRANGE, clientId: STRANGE }), deleted: PAST },
          { ...applicationFacts({ tags: [PROGRAM_TAG, instanceTag(IDS.other)] }), deleted: PAST },
        ],
        deletedPrincipals: [principalFacts({ objectId: IDS.other, clientId: STRANGE })],
      },
    },
    [
      {
        code: "DELETED_APPLICATION",
        level: "notice",
        detail:
          "An administrator can restore it for 30 days, with its trusts, and its principal. It has one valid secret.",
        action: { kind: "purge", ids: [IDS.other, STRANGE] },
      },
    ],
  ],
  [
    "what a restored application would bring back: a certificate, and roles that nobody took from its principal",
    {
      deployment: {},
      answers: {
        taggedApplications: [],
        deletedApplications: [
          {
            ...applicationFacts({
              secrets: [],
              certificates: [secretFacts("c1", "laptop"), secretFacts("c2", "old", PAST)],
            }),
            deleted: PAST,
          },
        ],
        deletedPrincipals: [principalFacts()],
        roles: [
          roleFacts({ id: "/a", name: STRANGE }),
          roleFacts({ id: "/b", name: STRANGE, principalId: STRANGE }),
        ],
      },
    },
    [
      {
        code: "DELETED_APPLICATION",
        detail: `An administrator can restore it for 30 days, with its trusts, and its principal. It has no valid secret. It has one valid certificate. The principal would have its roles again: Contributor on ${GROUP}.`,
      },
    ],
  ],
  [
    "after destroy, by the instance ID of the history",
    {
      deployment: {},
      answers: { taggedApplications: [applicationFacts({ secrets: [] })], roles: [roleFacts()] },
    },
    [
      { code: "ORPHAN_ROLE", action: { kind: "removeRole", id: roleFacts().id } },
      { code: "ORPHAN_APPLICATION", action: { kind: "removeApplication", id: IDS.application } },
    ],
  ],
  [
    "without an instance ID nothing is provably ours",
    { deployment: {}, ownIds: [] },
    [{ code: "OTHER_INSTANCE", action: undefined }],
  ],
];

describe("audit: what is ours and not recorded", () => {
  testCases(CASES);

  it("only what is not a notice is something to do", () => {
    const notice = compare(
      createComparison({ answers: { deletedApplications: [{ ...applicationFacts(), deleted: PAST }] } }),
    );
    assert.deepEqual(
      notice.map(({ level }) => level),
      ["notice"],
    );
    assert.equal(needsAction(notice), false);
    assert.equal(needsAction(compare(createComparison({ answers: { roles: [] } }))), true);
  });
});
