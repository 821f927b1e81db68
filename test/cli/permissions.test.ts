import assert from "node:assert/strict";
import { mayDo } from "../../components/plan/permissions";

describe("permissions of a role", () => {
  const cases: [allowed: boolean, actions: string[], notActions: string[]][] = [
    [true, ["*"], []],
    [true, ["Microsoft.MachineLearningServices/workspaces/*/write"], []],
    [true, ["microsoft.machinelearningservices/WORKSPACES/jobs/write"], []],
    [false, ["*/read"], []],
    [false, ["*"], ["Microsoft.MachineLearningServices/workspaces/*"]],
    [false, ["Microsoft.MachineLearningServices/workspaces/job./write"], []],
    [false, [], []],
  ];
  for (const [allowed, actions, notActions] of cases) {
    it(`${JSON.stringify(actions)} but not ${JSON.stringify(notActions)}: ${allowed}`, () => {
      assert.equal(
        mayDo([{ actions, notActions }], "Microsoft.MachineLearningServices/workspaces/jobs/write"),
        allowed,
      );
    });
  }

  it("what one role leaves out, another one allows", () => {
    const permissions = [
      { actions: ["*"], notActions: ["A/write"] },
      { actions: ["A/write"], notActions: [] },
    ];
    assert.equal(mayDo(permissions, "A/write"), true);
  });
});
