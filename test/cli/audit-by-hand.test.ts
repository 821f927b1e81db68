import { COMPONENT, type Deployment } from "../../cli/audit/deployment";
import {
  applicationFacts,
  type Case,
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

const READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

/** A stack that assigns no roles, and says who may. */
function withAdministratorCommand(administratorCommand: string): Deployment {
  return {
    resources: createDeployment()
      .resources!.filter(({ urn }) => urn !== URNS.role)
      .map((one) =>
        one.type === COMPONENT
          ? { ...one, outputs: { ...one.outputs, details: { administratorCommand } } }
          : one,
      ),
  };
}

const CASES: Case[] = [
  [
    "a secret made by hand",
    {
      instance: { application: applicationFacts({ secrets: [OWN_SECRET, secretFacts(STRANGE, "portal")] }) },
    },
    [
      {
        code: "UNMANAGED_SECRET",
        level: "danger",
        what: `secret "portal" of himl-ws-ml-dev (key ID ${STRANGE})`,
        remedy: `\`az ad app credential delete --id ${IDS.client} --key-id ${STRANGE}\``,
        action: undefined,
      },
    ],
  ],
  [
    "a secret made by hand that has ended is nothing to do",
    {
      instance: {
        application: applicationFacts({ secrets: [OWN_SECRET, secretFacts(STRANGE, "portal", PAST)] }),
      },
    },
    [{ code: "UNMANAGED_EXPIRED", level: "notice", action: undefined }],
  ],
  [
    "a secret named much like ours",
    {
      instance: {
        application: applicationFacts({
          secrets: [OWN_SECRET, secretFacts(STRANGE, `slot a (himl ${IDS.instance}) `)],
        }),
      },
    },
    [{ code: "UNMANAGED_SECRET", action: undefined }],
  ],
  [
    "a certificate, and a secret of the principal itself",
    {
      instance: {
        application: applicationFacts({ certificates: [secretFacts(STRANGE, "CN=laptop")] }),
        principal: principalFacts({ secrets: [secretFacts(STRANGE, null)] }),
      },
    },
    [
      {
        code: "UNMANAGED_SECRET",
        remedy: `\`az ad sp credential delete --id ${IDS.principal} --key-id ${STRANGE}\``,
      },
      { code: "UNMANAGED_CERTIFICATE", action: undefined },
    ],
  ],
  [
    "a trust made by hand",
    { instance: { trusts: [trustFacts(), trustFacts({ id: STRANGE, name: "mine", matches: "repo:x/y" })] } },
    [{ code: "UNMANAGED_TRUST", action: undefined }],
  ],
  [
    "roles made by hand, the worst first",
    {
      answers: {
        roles: [
          roleFacts(),
          roleFacts({
            id: "/a",
            name: STRANGE,
            roleId: READER,
            scope: "/subscriptions/x",
          }),
          roleFacts({ id: "/b", name: STRANGE, roleId: OWNER }),
          roleFacts({ id: "/c", name: STRANGE, principalId: STRANGE }),
        ],
      },
    },
    [
      {
        code: "UNMANAGED_ROLE",
        what: `role Owner on ${GROUP}`,
        detail: "A login as this principal may give itself every other role there.",
        action: undefined,
      },
      {
        code: "UNMANAGED_ROLE",
        what: "role Reader on /subscriptions/x",
        remedy: "`az role assignment delete --ids /a`",
      },
    ],
  ],
  [
    "a role of the customer's own that may assign roles",
    {
      answers: {
        roles: [
          roleFacts(),
          roleFacts({ id: "/a", name: STRANGE, roleId: STRANGE, roleName: "Helper", isPrivileged: false }),
          roleFacts({ id: "/b", name: STRANGE, roleId: STRANGE, roleName: "Deployer", isPrivileged: true }),
        ],
      },
    },
    [
      {
        code: "UNMANAGED_ROLE",
        what: `role Deployer on ${GROUP}`,
        detail: "A login as this principal may give itself every other role there.",
      },
      { code: "UNMANAGED_ROLE", what: `role Helper on ${GROUP}` },
    ],
  ],
  [
    "a role that an administrator gave, since the stack may not, and one of the same name elsewhere",
    {
      deployment: withAdministratorCommand(
        `az role assignment create --assignee-object-id ${IDS.principal} --role Contributor --scope ${GROUP}`,
      ),
      answers: {
        roles: [
          roleFacts({ id: "/a", name: STRANGE, scope: GROUP.toUpperCase() }),
          roleFacts({ id: "/b", name: STRANGE, scope: "/subscriptions/x" }),
        ],
      },
    },
    [
      { code: "UNMANAGED_ROLE", what: "role Contributor on /subscriptions/x" },
      { code: "ROLE_OF_ADMINISTRATOR", level: "notice" },
    ],
  ],
  [
    "groups with what they may do, the worst first; of one in a group, the principal cannot be removed",
    {
      instance: {
        memberships: [
          { id: "m1", type: "group", isDirect: true, displayName: "Data" },
          { id: "m2", type: "group", isDirect: false, displayName: "Owners" },
          { id: "m3", type: "directoryRole", isDirect: false, displayName: "Global Reader" },
        ],
      },
      answers: {
        roles: [
          roleFacts(),
          roleFacts({ id: "/a", name: STRANGE, principalId: "M2", roleId: READER }),
          roleFacts({ id: "/b", name: STRANGE, principalId: "M2", roleId: OWNER, scope: "/subscriptions/x" }),
        ],
      },
    },
    [
      { code: "UNMANAGED_DIRECTORY_ROLE", remedy: "Remove it from the group that has this role." },
      {
        code: "UNMANAGED_GROUP",
        what: "membership of the group Owners (m2)",
        detail: `A login as this principal has every role and permission of the group: Owner on /subscriptions/x, Reader on ${GROUP}. It may give itself every other role there.`,
        remedy: "Remove it from the group by way of which it is a member of this one.",
      },
      {
        code: "UNMANAGED_GROUP",
        detail: "A login as this principal has every role and permission of the group.",
        remedy: `\`az ad group member remove --group m1 --member-id ${IDS.principal}\``,
      },
    ],
  ],
  [
    "API permissions, delegations, groups, directory roles and owners",
    {
      instance: {
        appRoles: [
          { id: "g1", resourceName: "Microsoft Graph", permission: "Mail.Read" },
          {
            id: "g2",

            resourceName: "Microsoft Graph",
            permission: "RoleManagement.ReadWrite.Directory",
          },
        ],
        delegations: [{ id: "d1", scope: " User.Read", isForAll: true }],
        memberships: [
          { id: "m1", type: "group", isDirect: true, displayName: "Data" },
          { id: "m2", type: "directoryRole", isDirect: true, displayName: "Global Reader" },
          { id: "m3", type: "administrativeUnit", isDirect: true, displayName: "Unit" },
        ],
        applicationOwners: [
          { id: IDS.owner, type: "user", displayName: "Ada" },
          { id: STRANGE, type: "user", displayName: "Eve" },
        ],
      },
    },
    [
      { code: "UNMANAGED_DIRECTORY_ROLE", what: "directory role Global Reader (m2)" },
      {
        code: "UNMANAGED_API_PERMISSION",
        what: "permission RoleManagement.ReadWrite.Directory of Microsoft Graph",
        detail: "A login as this principal can make itself administrator of the tenant.",
      },
      { code: "UNMANAGED_API_PERMISSION", what: "permission Mail.Read of Microsoft Graph" },
      { code: "UNMANAGED_OWNER", what: `user Eve (${STRANGE}), owner of the application himl-ws-ml-dev` },
      { code: "UNMANAGED_GROUP", what: "membership of the group Data (m1)" },
      { code: "UNMANAGED_DELEGATION", what: "delegated permissions User.Read" },
    ],
  ],
  [
    "on somebody else's application, what is not ours is its owner's business",
    {
      deployment: createDeployment({ external: true }),
      instance: {
        application: applicationFacts({
          tags: [],
          secrets: [OWN_SECRET, secretFacts(STRANGE, "theirs")],
          displayName: "renamed",
        }),
        applicationOwners: [{ id: STRANGE, type: "user", displayName: "Eve" }],
        principalOwners: [],
      },
      answers: { taggedApplications: [] },
    },
    [
      { code: "OF_THE_OWNER", level: "notice", action: undefined },
      { code: "OF_THE_OWNER", level: "notice", action: undefined },
    ],
  ],
];

describe("audit: what came by hand", () => testCases(CASES));
