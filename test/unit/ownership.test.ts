import assert from "node:assert/strict";
import * as fc from "fast-check";
import { assignmentName, instanceOf, instanceTag, secretDisplayName } from "../../components/plan/ownership";

const KEY = {
  instanceId: "0c8a1c3e-2f44-4b0e-9f0e-6f4d1f0f6a11",
  scope: "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-ml",
  principalId: "33333333-3333-4333-8333-33333333aaaa",
  roleId: "b24988ac-6180-42a0-ab88-20f7382dd24c",
};

/** The same text with some letters in the other case. */
const inAnyCase = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((c, i) => (upper[i] ? c.toUpperCase() : c.toLowerCase())).join(""));

describe("The marks of an instance", () => {
  it("are an application's tag and a secret's name with the instance ID", () => {
    assert.equal(instanceTag(KEY.instanceId), "himl-instance:0c8a1c3e-2f44-4b0e-9f0e-6f4d1f0f6a11");
    assert.equal(
      secretDisplayName(KEY.instanceId, "b"),
      "slot b (himl 0c8a1c3e-2f44-4b0e-9f0e-6f4d1f0f6a11)",
    );
    assert.equal(instanceOf(["IT", instanceTag(KEY.instanceId.toUpperCase())]), KEY.instanceId);
    assert.equal(instanceOf(["IT", "himl-service-principal"]), undefined);
  });

  it("are an assignment's name: a UUID of version 5 that never changes from one release to the next", () => {
    assert.equal(assignmentName(KEY), "3cf72f96-80ca-5cac-b2e4-09a12817fbb7");
  });

  it("give one name to one assignment, however its parts are spelled", () => {
    const roleIds = [
      KEY.roleId,
      `/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/${KEY.roleId}`,
    ];
    const spellings = fc.record({
      instanceId: inAnyCase(KEY.instanceId),
      scope: fc.tuple(inAnyCase(KEY.scope), fc.constantFrom("", "/", "//")).map((parts) => parts.join("")),
      principalId: inAnyCase(KEY.principalId),
      roleId: fc.constantFrom(...roleIds).chain(inAnyCase),
    });
    fc.assert(fc.property(spellings, (key) => assert.equal(assignmentName(key), assignmentName(KEY))));
  });

  it("give another name to another instance, scope, principal or role", () => {
    const others = [
      { instanceId: "0c8a1c3e-2f44-4b0e-9f0e-6f4d1f0f6a12" },
      { scope: `${KEY.scope}-2` },
      { principalId: KEY.instanceId },
      { roleId: KEY.instanceId },
    ];
    const names = [KEY, ...others.map((other) => ({ ...KEY, ...other }))].map(assignmentName);
    assert.equal(new Set(names).size, names.length);
  });
});
