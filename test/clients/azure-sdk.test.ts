import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { startLocalAzure, type LocalAzure } from "../../local-azure/local-azure";
import type { Step, StepResult } from "./azure-sdk-client";
import { run } from "./processes";
import { Sandbox, WAYS_IN } from "./sandbox";
import { assertAllAnswered } from "./unanswered";

const READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

for (const way of WAYS_IN) {
  describe(`@azure/identity, @azure/arm-authorization and @azure/arm-resources, ${way} way in`, function () {
    this.timeout(60_000);
    let azure: LocalAzure;
    let sandbox: Sandbox;
    let group: string;

    before(async () => {
      sandbox = await Sandbox.create();
      azure = await startLocalAzure();
      group = `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;
    });

    after(async () => {
      await azure?.close();
      await sandbox?.remove();
      if (azure !== undefined) assertAllAnswered(azure);
    });

    async function perform(caller: { clientId: string; clientSecret: string }, steps: Step[]) {
      const env = await sandbox.environment({
        ...azure[way],
        AZURE_TENANT_ID: azure.tenantId,
        AZURE_CLIENT_ID: caller.clientId,
        AZURE_CLIENT_SECRET: caller.clientSecret,
        ARM_SUBSCRIPTION_ID: azure.subscriptionId,
      });
      const script = [path.join(__dirname, "azure-sdk-client.ts"), JSON.stringify(steps)];
      const finished = await run(process.execPath, ["-r", "ts-node/register/transpile-only", ...script], {
        env,
        cwd: path.join(__dirname, "..", ".."),
      });
      assert.equal(finished.exitCode, 0, finished.stderr);
      return JSON.parse(finished.stdout) as StepResult[];
    }

    it("logs the admin in, who reads a group, assigns a role, lists it and takes it back", async () => {
      const { objectId: principalId } = azure.control.createCaller({ displayName: "assignee" });
      const name = randomUUID();
      const roleDefinitionId = `/subscriptions/${azure.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${READER}`;
      const before = azure.control.state().roleAssignments.length;
      const [login, read, assigned, listed, unassigned, left] = await perform(azure.admin, [
        { do: "logIn" },
        { do: "readGroup", group: azure.resourceGroup },
        { do: "assign", scope: group, name, roleDefinitionId, principalId },
        { do: "listAssignments", scope: group },
        { do: "unassign", scope: group, name },
        { do: "listAssignments", scope: group },
      ]);

      const { secondsLeft } = valueOf<{ secondsLeft: number }>(login);
      assert.ok(secondsLeft > 3500 && secondsLeft <= 3600, `expected an hour, got ${secondsLeft} s`);
      const { id, location } = valueOf<{ id: string; location: string }>(read);
      assert.deepEqual({ id, location }, { id: group, location: azure.location });
      const assignment = `${group}/providers/Microsoft.Authorization/roleAssignments/${name}`;
      assert.deepEqual(assignmentOf(valueOf(assigned)), {
        id: assignment,
        scope: group,
        roleDefinitionId,
        principalId,
        principalType: "ServicePrincipal",
      });
      const found = valueOf<Assignment[]>(listed);
      assert.deepEqual(found.filter(({ id }) => id === assignment).map(assignmentOf), [
        assignmentOf(valueOf(assigned)),
      ]);
      assert.equal(valueOf<Assignment>(unassigned).id, assignment);
      assert.deepEqual(
        valueOf<Assignment[]>(left).map(({ id }) => id),
        found.map(({ id }) => id).filter((id) => id !== assignment),
      );
      assert.equal(azure.control.state().roleAssignments.length, before);
    });

    it("refuses everything outside the group, and assigning roles inside it, to a Contributor of the group", async () => {
      const contributor = azure.control.createCaller({
        displayName: "pipeline",
        role: "Contributor",
        scope: group,
      });
      const name = randomUUID();
      const roleDefinitionId = `/subscriptions/${azure.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${READER}`;
      const [inside, outside, assigned] = await perform(contributor, [
        { do: "readGroup", group: azure.resourceGroup },
        { do: "readGroup", group: azure.otherResourceGroup },
        { do: "assign", scope: group, name, roleDefinitionId, principalId: contributor.objectId },
      ]);
      assert.equal(valueOf<{ id: string }>(inside).id, group);
      for (const [refused, action] of [
        [outside, "Microsoft.Resources/subscriptions/resourcegroups/read"],
        [assigned, "Microsoft.Authorization/roleAssignments/write"],
      ] as const) {
        assert.equal(refused?.error?.name, "RestError");
        assert.equal(refused.error.code, "AuthorizationFailed");
        assert.equal(refused.error.statusCode, 403);
        // Azure spells `resourcegroups` and `resourceGroups` as the client did.
        assert.ok(
          refused.error.message.toLowerCase().includes(`'${action.toLowerCase()}'`),
          refused.error.message,
        );
      }
      assert.ok(!azure.control.state().roleAssignments.some((assignment) => assignment.name === name));
    });

    it("refuses a wrong secret, and an application that does not exist", async () => {
      const [wrong] = await perform({ ...azure.admin, clientSecret: "not-the-secret" }, [{ do: "logIn" }]);
      assert.equal(wrong?.error?.name, "AuthenticationRequiredError");
      assert.match(
        wrong.error.message,
        new RegExp(`invalid_client: .*AADSTS7000215: .*'${azure.admin.clientId}'`),
      );

      const unknown = randomUUID();
      const [nobody] = await perform({ clientId: unknown, clientSecret: "any" }, [{ do: "logIn" }]);
      assert.match(
        nobody?.error?.message ?? "",
        new RegExp(`unauthorized_client: .*AADSTS700016: .*'${unknown}'`),
      );
    });
  });
}

interface Assignment {
  id: string;
  scope: string;
  roleDefinitionId: string;
  principalId: string;
  principalType: string;
}

function assignmentOf({ id, scope, roleDefinitionId, principalId, principalType }: Assignment): Assignment {
  return { id, scope, roleDefinitionId, principalId, principalType };
}

function valueOf<T>(result: StepResult | undefined): T {
  assert.equal(result?.error, undefined);
  return result?.value as T;
}
