import assert from "node:assert/strict";
import { BUILT_IN_ROLES, resolveRole, resolveRoles } from "../../components/plan/roles";
import { BUILT_IN_ROLES as ROLES_OF_LOCAL_AZURE } from "../../local-azure/store/roles";

describe("The built-in roles", () => {
  it("are known to the local Azure, which was written without looking here", () => {
    for (const [name, id] of Object.entries(BUILT_IN_ROLES))
      assert.equal(ROLES_OF_LOCAL_AZURE.find(({ roleName }) => roleName === name)?.guid, id, name);
  });

  it("are found by name in any case, and by ID, as the same role", () => {
    for (const [name, id] of Object.entries(BUILT_IN_ROLES)) {
      for (const spelling of [name, name.toLowerCase(), ` ${name} `, id, id.toUpperCase()]) {
        assert.deepEqual([resolveRole(spelling)?.id, resolveRole(spelling)?.label], [id, name], spelling);
      }
    }
  });

  it("are privileged if their holder can assign roles, as the actions of the local Azure's roles tell", () => {
    for (const { guid, roleName, actions, notActions } of ROLES_OF_LOCAL_AZURE) {
      const canAssign =
        actions.some((action) =>
          ["*", "Microsoft.Authorization/*", "Microsoft.Authorization/roleAssignments/write"].includes(
            action,
          ),
        ) && !notActions.includes("Microsoft.Authorization/*/Write");
      const isKnown = Object.values<string>(BUILT_IN_ROLES).includes(guid);
      assert.equal(resolveRole(guid)?.isPrivileged, isKnown ? canAssign : undefined, roleName);
      assert.ok(isKnown || !canAssign, `${roleName} must be among the roles that are known`);
    }
  });

  it("are not all: any GUID is a role of its own, any other text is none", () => {
    const custom = "0D1E2F3A-4b5c-4d6e-8f70-8192a3b4c5d6";
    assert.deepEqual(resolveRole(custom), {
      id: custom.toLowerCase(),
      label: custom.toLowerCase(),
      isPrivileged: undefined,
    });
    for (const text of ["", "Contributo", "b24988ac"]) assert.equal(resolveRole(text), undefined, text);
  });

  it("are given by name alone, on the resource group, or with a scope: in programs as in settings", () => {
    const { roles, problems } = resolveRoles(
      ["AzureML Data Scientist", { role: "Reader", scope: "workspace" }],
      false,
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      roles.map(({ label, scope }) => [label, scope]),
      [
        ["AzureML Data Scientist", "resourceGroup"],
        ["Reader", "workspace"],
      ],
    );
    assert.deepEqual(
      resolveRoles(["Contributr", "Owner", { role: "User Access Administrator" }], false).problems.map(
        ({ what }) => what,
      ),
      ["roles[0]", "roles[1]", "roles[2].role"],
    );
  });
});
