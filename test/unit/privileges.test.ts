import assert from "node:assert/strict";
import { isPrivileged, type Permission } from "../../components/plan/permissions";

describe("A role is privileged by what it can do", () => {
  const table: [string, Permission[], boolean][] = [
    ["Owner", [{ actions: ["*"] }], true],
    [
      "Contributor",
      [
        {
          actions: ["*"],
          notActions: [
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
          ],
        },
      ],
      false,
    ],
    ["one that assigns", [{ actions: ["Microsoft.Authorization/roleAssignments/write"] }], true],
    ["one that assigns, in another case", [{ actions: ["microsoft.authorization/ROLEASSIGNMENTS/*"] }], true],
    ["one that defines roles", [{ actions: ["Microsoft.Authorization/roleDefinitions/write"] }], true],
    ["one that elevates", [{ actions: ["*/action"] }], true],
    ...[
      "roleAssignmentScheduleRequests",
      "roleEligibilityScheduleRequests",
      "roleManagementPolicies",
      "roleManagementPolicyAssignments",
      "classicAdministrators",
    ].map((kind): [string, Permission[], boolean] => [
      `one that writes ${kind}`,
      [{ actions: [`Microsoft.Authorization/${kind}/*`] }],
      true,
    ]),
    ...["registrationAssignments/write", "registrationDefinitions/write", "*"].map(
      (actions): [string, Permission[], boolean] => [
        `one that lets in another tenant: ${actions}`,
        [{ actions: [`Microsoft.ManagedServices/${actions}`] }],
        true,
      ],
    ),
    ["one that reads all", [{ actions: ["*/read"] }], false],
    [
      "one whose exception stands in another permission",
      [{ actions: ["*/write"] }, { actions: ["*/read"], notActions: ["Microsoft.Authorization/*"] }],
      true,
    ],
    ["none", [], false],
  ];
  for (const [what, permissions, expected] of table)
    it(`${what}: ${expected}`, () => assert.equal(isPrivileged(permissions), expected));
});
