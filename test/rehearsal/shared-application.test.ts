import assert from "node:assert/strict";
import path from "node:path";
import { atTime } from "../../components/clock";
import program from "../../index";
import { Session } from "../../rehearsal/engine/session";
import { asAdmin, openWorld, PROJECT, requireEngine, type SharedWorld } from "./support";

describe("An application that two stacks use, on the real engine", function () {
  this.timeout(120_000);
  let world: SharedWorld;
  let other: Session;

  before(async function () {
    this.timeout(900_000);
    const engine = await requireEngine(this);
    const run = (azure: SharedWorld["azure"]) => Promise.resolve(atTime(azure.control.now(), program));
    world = await openWorld(engine, run);
    const { azure } = world;
    other = await Session.open({
      engine,
      program: () => run(azure),
      project: path.join(PROJECT, "Pulumi.yaml"),
      stackName: "second",
      environment: azure.direct,
    });
    await other.save("start");
  });
  after(async () => {
    await other?.close();
    await world?.close();
  });
  afterEach(async () => {
    await world.reset();
    await other.restore("start");
  });

  /** Registers one, as somebody else would. */
  function register(withPrincipal: boolean): Promise<string> {
    return asAdmin(world.azure, async (admin) => {
      const { json } = await admin.callGraph(
        { method: "POST", path: "/applications", body: { displayName: "IT" } },
        [],
      );
      const appId = String(json["appId"]);
      if (withPrincipal)
        await admin.callGraph({ method: "POST", path: "/servicePrincipals", body: { appId } }, []);
      return appId;
    });
  }

  const use = async (existingClientId: string, more: Record<string, string> = {}) => {
    const { resourceGroup, workspaceName } = world.azure;
    await world.session.configure({ resourceGroupName: resourceGroup, workspaceName, existingClientId });
    await other.configure({ resourceGroupName: resourceGroup, workspaceName, existingClientId, ...more });
  };

  function left() {
    const { applications, servicePrincipals, roleAssignments } = world.azure.control.state();
    const [application] = applications.filter(({ initial }) => !initial);
    return {
      secrets: application!.passwords.length,
      principals: servicePrincipals.filter(({ appId }) => appId === application!.appId).length,
      roles: roleAssignments.filter(({ initial }) => !initial).length,
    };
  }

  it("without a principal: the second stack is refused in preview, since the first one's destroy would take it away", async () => {
    await use(await register(false));
    await world.session.up();
    await assert.rejects(
      other.preview(),
      /existingClientId must name an application whose service principal no other stack created/,
    );
    await world.session.destroy();
    assert.deepEqual(left(), { secrets: 0, principals: 0, roles: 0 });
    await other.up();
    assert.deepEqual(left(), { secrets: 1, principals: 1, roles: 1 });
    await other.destroy();
  });

  it("that the first stack registered: the second is refused in preview; the first may let go of it and keep it", async () => {
    const { resourceGroup, workspaceName } = world.azure;
    await world.session.configure({
      resourceGroupName: resourceGroup,
      workspaceName,
      existingClientId: undefined,
    });
    const { outputs } = await world.session.up();
    const existingClientId = String(outputs["HIML_SERVICE_PRINCIPAL_ID"]);
    await other.configure({ resourceGroupName: resourceGroup, workspaceName, existingClientId });
    await assert.rejects(
      other.preview(),
      /existingClientId must name an application that no other stack registered/,
    );
    assert.deepEqual(left(), { secrets: 1, principals: 1, roles: 1 });
    await world.session.configure({ existingClientId });
    await world.session.preview();
    await world.session.up();
    assert.deepEqual(left(), { secrets: 1, principals: 1, roles: 1 });
    await world.session.destroy();
    assert.deepEqual(left(), { secrets: 0, principals: 1, roles: 0 });
  });

  it("with a principal, and other roles: each keeps what it needs when the other is destroyed", async () => {
    await use(await register(true), { roles: '["AzureML Data Scientist"]' });
    await world.session.up();
    await other.up();
    assert.deepEqual(left(), { secrets: 2, principals: 1, roles: 2 });
    await world.session.destroy();
    assert.deepEqual(left(), { secrets: 1, principals: 1, roles: 1 });
    assert.deepEqual(Object.keys((await other.up()).counts), ["same"]);
    await other.destroy();
    assert.deepEqual(left(), { secrets: 0, principals: 1, roles: 0 });
  });

  it("with a principal, and the same role: `up` of the second says RoleAssignmentExists; with the role given by hand both keep it", async () => {
    await use(await register(true));
    await world.session.up();
    await assert.rejects(other.up(), /RoleAssignmentExists/);
    await world.session.configure({ roles: "[]" });
    await other.configure({ roles: "[]" });
    const { outputs } = await world.session.up();
    await other.up();
    const { administratorCommand } = outputs["details"] as { administratorCommand: string };
    assert.match(administratorCommand, /^az role assignment create /);
    assert.deepEqual(left(), { secrets: 2, principals: 1, roles: 0 });
    await world.session.destroy();
    assert.deepEqual(left(), { secrets: 1, principals: 1, roles: 0 });
    await other.destroy();
  });

  it("a role that somebody gave by hand to a stack's own principal: `up` says RoleAssignmentExists, and taken back it works", async () => {
    const { resourceGroup, workspaceName, subscriptionId } = world.azure;
    await world.session.configure({
      resourceGroupName: resourceGroup,
      workspaceName,
      roles: "[]",
      existingClientId: undefined,
    });
    const { outputs } = await world.session.up();
    const { servicePrincipalObjectId: principalId } = outputs["details"] as {
      servicePrincipalObjectId: string;
    };
    const scope = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
    const byHand = `${scope}/providers/Microsoft.Authorization/roleAssignments/6a2ec0e1-4f6e-4c1e-8ad3-2f0f7d3e9b55?api-version=2022-04-01`;
    const roleDefinitionId = `/subscriptions/${subscriptionId.toUpperCase()}/providers/Microsoft.Authorization/roleDefinitions/B24988AC-6180-42A0-AB88-20F7382DD24C`;
    const call = (method: "PUT" | "DELETE") =>
      asAdmin(world.azure, (admin) =>
        admin.callResourceManager(
          {
            method,
            path: byHand,
            ...(method === "PUT" && { body: { properties: { principalId, roleDefinitionId } } }),
          },
          [],
        ),
      );
    assert.equal((await call("PUT")).status, 201);
    await world.session.configure({ roles: undefined, resourceGroupName: resourceGroup.toUpperCase() });
    await assert.rejects(world.session.up(), /RoleAssignmentExists/);
    await call("DELETE");
    await world.session.up();
    await world.session.destroy();
  });

  it("whose principal the stack made: it is found again after `pulumi stack rename`, and destroyed", async () => {
    await use(await register(false));
    await other.up();
    await other.expectPulumi("stack", "rename", "renamed", "--stack", "second");
    const options = ["--yes", "--skip-preview", "--stack", "renamed"];
    assert.match(await other.expectPulumi("up", ...options), /unchanged/);
    assert.deepEqual(left(), { secrets: 1, principals: 1, roles: 1 });
    await other.expectPulumi("destroy", ...options);
    assert.deepEqual(left(), { secrets: 0, principals: 0, roles: 0 });
  });
});
