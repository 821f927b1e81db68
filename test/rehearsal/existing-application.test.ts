import assert from "node:assert/strict";
import { EngineError } from "../../rehearsal/engine/engine-error";
import type { OperationResult } from "../../rehearsal/engine/operation-log";
import { inDays } from "../local-azure/rig";
import { useShared } from "../support/shared";
import { asAdmin, openOwnWorld } from "./support";

const TRUST = { issuer: "https://gitlab.example", subject: "job" };

describe("An application that somebody else registered, on the real engine", function () {
  const world = useShared(openOwnWorld);
  beforeEach(() => world.reset());

  /** Registers one, with a secret that is none of the stack's business. */
  async function register(withPrincipal: boolean) {
    return asAdmin(world.azure, async (connection) => {
      const post = async (path: string, body: Record<string, unknown>) => {
        const { status, json } = await connection.callGraph({ method: "POST", path, body }, []);
        assert.ok(status === 200 || status === 201, `${path}: ${status}`);
        return json;
      };
      const application = await post("/applications", { displayName: "by IT", tags: ["IT"] });
      const passwordCredential = { displayName: "of IT", endDateTime: inDays(365) };
      await post(`/applications/${String(application["id"])}/addPassword`, { passwordCredential });
      const appId = String(application["appId"]);
      if (withPrincipal) await post("/servicePrincipals", { appId, tags: ["IT"], notes: "by hand" });
      return appId;
    });
  }

  /** All that is in the directory for a client ID. */
  function stateOf(clientId: string) {
    const state = world.azure.control.state();
    const principals = state.servicePrincipals.filter(({ appId }) => appId === clientId);
    const ids = principals.map(({ id }) => id);
    return {
      application: state.applications.find(({ appId }) => appId === clientId),
      principals,
      assignments: state.roleAssignments.filter(({ principalId }) => ids.includes(principalId)),
    };
  }

  const changes = (result: OperationResult) =>
    result.steps
      .filter(({ operation, type }) => operation !== "same" && /^azure/.test(type))
      .map(({ operation, type }) => `${operation} ${type.split(":").at(-1)}`)
      .sort();

  for (const withPrincipal of [true, false]) {
    it(`gets what the stack adds, and loses just that, ${withPrincipal ? "with" : "without"} a principal of its own`, async () => {
      const clientId = await register(withPrincipal);
      const before = stateOf(clientId);
      await world.session.configure({
        existingClientId: clientId,
        authentication: "both",
        federatedCredentials: JSON.stringify([TRUST]),
      });
      const planned = await world.session.preview();
      const up = await world.session.up();
      const added = [
        "create ApplicationFederatedIdentityCredential",
        "create ApplicationPassword",
        "create RoleAssignment",
        ...(withPrincipal
          ? ["read Application", "read ServicePrincipal"]
          : ["create ServicePrincipal", "read Application"]),
      ].sort();
      assert.deepEqual([changes(planned), changes(up)], [added, added]);
      assert.equal(up.outputs["HIML_SERVICE_PRINCIPAL_ID"], clientId);

      const { application, principals, assignments } = stateOf(clientId);
      assert.equal(application!.displayName, "by IT");
      assert.deepEqual(application!.tags, ["IT"]);
      assert.equal(application!.passwords.length, 2);
      assert.equal(application!.federatedCredentials.length, 1);
      assert.equal(assignments.length, 1);
      assert.equal(principals.length, 1);
      if (withPrincipal) assert.deepEqual(principals, before.principals);

      const again = await world.session.up();
      assert.deepEqual(
        changes(again).filter((change) => !change.startsWith("read ")),
        [],
      );
      assert.equal(
        again.outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"],
        up.outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"],
      );

      await world.session.destroy();
      assert.deepEqual(stateOf(clientId), before);
    });
  }

  it("is refused in preview where there is none, and nothing is created", async () => {
    const clientId = "5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36";
    await world.session.configure({ existingClientId: clientId });
    await assert.rejects(world.session.preview(), (error) => {
      assert.ok(error instanceof EngineError);
      assert.ok(
        error.message.includes(
          `existingClientId must be the application (client) ID of an application in your tenant. Received "${clientId}".`,
        ),
        error.message,
      );
      assert.doesNotMatch(error.message, /\n\s+at /);
      return true;
    });
    const writes = world.azure.control
      .requests()
      .filter(({ api, method }) => api !== "oauth" && method !== "GET");
    assert.deepEqual(writes, []);
  });
});
