import assert from "node:assert/strict";
import type { OperationResult } from "../../rehearsal/engine/operation-log";
import { useShared } from "../support/shared";
import { asAdmin, openOwnWorld } from "./support";

describe("pulumi refresh, on the real engine", function () {
  const world = useShared(openOwnWorld);

  before(async () => {
    await world.session.configure({
      authentication: "both",
      federatedCredentials: JSON.stringify([{ issuer: "https://gitlab.example", subject: "job" }]),
    });
    await world.session.up();
  });

  const application = () => world.azure.control.state().applications.find(({ initial }) => !initial)!;
  const changes = (result: OperationResult) =>
    result.steps
      .filter(({ operation }) => operation !== "same")
      .map(({ operation, name }) => `${operation} ${name}`);

  /** A write to Graph by somebody who does not know of the stack. */
  async function byHand(
    method: "POST" | "PATCH" | "DELETE",
    path: string,
    body?: Record<string, unknown>,
  ): Promise<void> {
    await asAdmin(world.azure, async (connection) => {
      const { status } = await connection.callGraph({ method, path, ...(body && { body }) }, []);
      assert.equal(status, 204, path);
    });
  }

  it("finds nothing to change after an up, and neither does the preview after it", async () => {
    assert.deepEqual(Object.keys((await world.session.refresh()).counts), ["same"]);
    assert.deepEqual(changes(await world.session.preview()), []);
  });

  it("notices a secret that was deleted by hand, and the next up makes it anew, and that alone", async () => {
    const before = await world.session.up();
    const { id, passwords } = application();
    const { secrets } = before.outputs["details"] as { secrets: { keyId: string; slot: string }[] };
    const [current, ...others] = secrets;
    await byHand("POST", `/applications/${id}/removePassword`, { keyId: current!.keyId });
    assert.equal(application().passwords.length, passwords.length - 1);

    assert.equal((await world.session.refresh()).counts["delete"], 1);
    assert.deepEqual(changes(await world.session.preview()), [`create himl-secret-${current!.slot}`]);
    const { outputs, ...result } = await world.session.up();
    assert.deepEqual(changes(result), [`create himl-secret-${current!.slot}`]);
    assert.notEqual(
      outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"],
      before.outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"],
    );
    const now = application().passwords.map(({ keyId }) => keyId);
    assert.equal(now.length, passwords.length);
    for (const { keyId } of others) assert.ok(now.includes(keyId));
  });

  it("notices what was changed by hand, and the next up puts it back in place", async () => {
    const { id, tags, federatedCredentials } = application();
    await byHand("PATCH", `/applications/${id}`, { tags: ["by hand"] });
    const credential = `/applications/${id}/federatedIdentityCredentials/${federatedCredentials[0]!.id}`;
    await byHand("PATCH", credential, { audiences: ["by-hand"] });
    assert.equal((await world.session.refresh()).counts["update"], 2);
    const result = await world.session.up();
    assert.deepEqual(
      changes(result).map((change) => change.split(" ")[0]),
      ["update", "update"],
    );
    assert.deepEqual(application().tags.sort(), [...tags].sort());
    assert.deepEqual(application().federatedCredentials, federatedCredentials);
  });
});
