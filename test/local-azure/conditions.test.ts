import assert from "node:assert/strict";
import {
  type Answer,
  CONTRIBUTOR,
  type Created,
  ok,
  READER,
  refused,
  UNAUTHORIZED,
  UNKNOWN_ID,
  useRig,
} from "./rig";

const WRITE = "Microsoft.Authorization/roleAssignments/write";
const DELETE = "Microsoft.Authorization/roleAssignments/delete";
const ATTRIBUTE = "Microsoft.Authorization/roleAssignments";

/** The condition that lets a pipeline give one role, to service principals only. */
const ONE_ROLE = [DELETE, WRITE]
  .map((action) => {
    const source = action === WRITE ? "@Request" : "@Resource";
    return `(
      (!(ActionMatches{'${action}'}))
      OR
      (
        ${source}[${ATTRIBUTE}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${CONTRIBUTOR}}
        AND
        ${source}[${ATTRIBUTE}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}
      )
    )`;
  })
  .join(" AND ");

describe("local Azure: conditions of role assignments", () => {
  const rig = useRig();
  let pipeline: Created;
  let target: Created;

  beforeEach(async () => {
    pipeline = await rig.createLogin("pipeline");
    target = await rig.createLogin("target");
  });

  function restrict(condition: string, conditionVersion: string | null = "2.0"): Promise<Answer> {
    const administrator = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";
    const more = { principalType: "ServicePrincipal", condition, conditionVersion };
    return rig.assign(pipeline.principalId, administrator, rig.group, more, UNKNOWN_ID);
  }

  const give = (
    role: string,
    principalId = target.principalId,
    more: object = { principalType: "ServicePrincipal" },
  ) => rig.assign(principalId, role, rig.group, more, principalId, pipeline);

  it("let the renewing pipeline give and take the one role, and no other role", async () => {
    ok(await restrict(ONE_ROLE), 201);
    const { id } = ok(await give(CONTRIBUTOR), 201);
    ok(await rig.arm("DELETE", id, undefined, pipeline));
    refused(await give(READER), UNAUTHORIZED, /roleAssignments\/write/);
    const reader = ok(await rig.assign(target.principalId, READER), 201);
    refused(await rig.arm("DELETE", reader.id, undefined, pipeline), UNAUTHORIZED);
  });

  it("refuse every other type of principal, and a request that does not name its type", async () => {
    ok(await restrict(ONE_ROLE), 201);
    const person = rig.azure.control.createPerson({ displayName: "P" });
    refused(await give(CONTRIBUTOR, person.objectId, { principalType: "User" }), UNAUTHORIZED);
    refused(await give(CONTRIBUTOR, target.principalId, {}), UNAUTHORIZED);
  });

  it("do not restrict what they do not name", async () => {
    ok(await restrict(ONE_ROLE), 201);
    ok(
      await rig.arm(
        "GET",
        `${rig.group}/providers/Microsoft.Authorization/roleAssignments`,
        undefined,
        pipeline,
      ),
    );
  });

  for (const [what, condition, allowed] of [
    [
      "a set of several roles",
      `@Request[${ATTRIBUTE}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${READER}, ${CONTRIBUTOR}}`,
      true,
    ],
    ["a single GUID", `@Request[${ATTRIBUTE}:RoleDefinitionId] GuidEquals ${READER}`, false],
    [
      "a text in another case",
      `@Request[${ATTRIBUTE}:PrincipalType] StringEqualsIgnoreCase 'serviceprincipal'`,
      true,
    ],
    ["a not", `!(@Request[${ATTRIBUTE}:PrincipalType] StringEqualsIgnoreCase 'ServicePrincipal')`, false],
    ["an action with a star", "!(ActionMatches{'Microsoft.Authorization/*'})", false],
    [
      "an OR",
      `ActionMatches{'x'} OR @Request[${ATTRIBUTE}:RoleDefinitionId] GuidEquals ${CONTRIBUTOR}`,
      true,
    ],
    ["AND before OR", `ActionMatches{'*'} OR ActionMatches{'x'} AND ActionMatches{'x'}`, true],
    [
      "an attribute that is not there",
      `@Resource[${ATTRIBUTE}:PrincipalType] StringEqualsIgnoreCase 'ServicePrincipal'`,
      false,
    ],
  ] as const)
    it(`understand ${what}`, async () => {
      ok(await restrict(condition), 201);
      const answer = await give(CONTRIBUTOR);
      assert.equal(answer.status, allowed ? 201 : 403, answer.text);
    });

  for (const condition of [
    "",
    "true",
    "ActionMatches{'*'} XOR ActionMatches{'*'}",
    "ActionMatches{'*'}) OR (ActionMatches{'*'}",
    `@Request[${ATTRIBUTE}:PrincipalType] StringLike 'Service*'`,
    `@Request[${ATTRIBUTE}:PrincipalType] ForAllOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}`,
    `@Request[${ATTRIBUTE}:RoleDefinitionId] GuidEquals 'Contributor'`,
    `@Environment[UtcNow] DateTimeGreaterThan '2026-01-01'`,
    `@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:x] StringEqualsIgnoreCase 'y'`,
    "exists @Request[x:y]",
    `${"(".repeat(1000)}ActionMatches{'*'}${")".repeat(1000)}`,
  ])
    it(`refuse what is not understood: ${condition.slice(0, 60)} [?]`, async () => {
      refused(
        await restrict(condition),
        "400 InvalidCondition",
        "The given role assignment condition is invalid.",
      );
    });

  it("have version 2.0", async () => {
    for (const version of ["1.0", null])
      refused(await restrict("ActionMatches{'*'}", version), "400 InvalidCondition");
  });
});

describe("local Azure: what Resource Manager asks of an assignment", () => {
  const rig = useRig();

  it("is the principal's own type", async () => {
    const { principalId } = await rig.createLogin();
    refused(
      await rig.assign(principalId, READER, rig.group, { principalType: "User" }),
      "400 UnmatchedPrincipalType",
      `The PrincipalId '${principalId.replaceAll("-", "")}' has type 'ServicePrincipal' , which is different from specified PrinciaplType 'User'.`,
    );
    refused(
      await rig.assign(principalId, READER, rig.group, { principalType: "MSI" }),
      "400 InvalidPrincipalType",
      "The PrincipalType property 'MSI' is not valid. It must be 'User', 'Group' or 'ServicePrincipal'.",
    );
  });

  it("is a role of the same subscription, or without one [?]", async () => {
    const { principalId } = await rig.createLogin();
    const path = `${rig.group}/providers/Microsoft.Authorization/roleAssignments/${principalId}`;
    const put = (subscription: string) => {
      const roleDefinitionId = `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${READER}`;
      return rig.arm("PUT", path, {
        properties: { principalId, principalType: "ServicePrincipal", roleDefinitionId },
      });
    };
    const other = `/subscriptions/${rig.azure.otherSubscriptionId}`;
    refused(await put(other), "404 RoleDefinitionDoesNotExist");
    ok(await put(""), 201);
  });

  it("is shown at the root, below a subscription and in a former version as Azure does", async () => {
    const { principalId } = await rig.createLogin();
    ok(await rig.assign(principalId, READER), 201);
    const token = await rig.token("https://management.azure.com/.default");
    const former = `${rig.group}/providers/Microsoft.Authorization/roleAssignments/${principalId}?api-version=2018-09-01-preview`;
    const { properties } = ok(await rig.call("GET", former, { token }));
    assert.equal("condition" in properties || "description" in properties, false);
    refused(await rig.arm("GET", "/providers/Microsoft.Authorization/roleAssignments"), UNAUTHORIZED);
  });
});
