import assert from "node:assert/strict";
import { useShared } from "../support/shared";
import { asAdmin, openOwnWorld } from "./support";

const TRUSTS = JSON.stringify([{ issuer: "https://gitlab.example", subject: "job" }]);

describe("A warning before an up takes away what jobs use, on the real engine", function () {
  const world = useShared(openOwnWorld);

  it("comes in preview and up, once, when federated removes the password", async () => {
    await world.session.configure({ authentication: "both", federatedCredentials: TRUSTS });
    assert.deepEqual((await world.session.preview()).warnings, []);
    assert.deepEqual((await world.session.up()).warnings, []);
    await world.session.configure({ authentication: "federated" });
    for (const { warnings } of [await world.session.preview(), await world.session.up()]) {
      assert.ok(warnings.length >= 1);
      for (const warning of warnings)
        assert.match(warning, /^authentication is federated now: every secret /);
    }
    assert.deepEqual((await world.session.preview()).warnings, []);
  });

  it("comes in preview when another application takes the place of the stack's own, which up then deletes", async () => {
    const state = () => world.azure.control.state().applications.filter(({ initial }) => !initial);
    const own = state()[0]!.appId;
    const theirs = await asAdmin(world.azure, async (connection) => {
      const body = { displayName: "by IT" };
      return String(
        (await connection.callGraph({ method: "POST", path: "/applications", body }, [])).json["appId"],
      );
    });
    await world.session.configure({ existingClientId: theirs });
    const { warnings, steps } = await world.session.preview();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, new RegExp(`^The client ID changes from ${own} to ${theirs}\\.`));
    const kept = steps.filter(({ name, operation }) => name === "himl-application" && operation === "same");
    assert.deepEqual(kept, []);
    const { outputs } = await world.session.up();
    assert.equal(outputs["HIML_SERVICE_PRINCIPAL_ID"], theirs);
    assert.deepEqual(
      state().map(({ appId }) => appId),
      [theirs],
    );
    assert.deepEqual((await world.session.preview()).warnings, []);

    await world.session.configure({ existingClientId: undefined });
    assert.match((await world.session.preview()).warnings[0]!, /to that of a new application\. /);
    await world.session.up();
    assert.equal(state().length, 2);
    await world.session.destroy();
    const left = state();
    assert.deepEqual(
      left.map(({ appId }) => appId),
      [theirs],
    );
    assert.deepEqual([left[0]!.passwords, left[0]!.federatedCredentials], [[], []]);
  });
});
