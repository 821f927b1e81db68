import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { AzureConnection } from "../../rehearsal/stand-ins/azure-connection";
import { inDays } from "../local-azure/rig";
import { asAdmin } from "../rehearsal/support";
import { openPulumiCommand, type PulumiCommand } from "./pulumi-command";

const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";

describe("Taking over a principal that was made by hand, as docs/take-over.md says", function () {
  this.timeout(300_000);

  let pulumi: PulumiCommand;

  before(async function () {
    pulumi = await openPulumiCommand(this);
  });

  after(async () => {
    await pulumi?.close();
  });

  /** What `az ad sp create-for-rbac --role Contributor` leaves behind. */
  function createByHand() {
    const { azure } = pulumi;
    return asAdmin(azure, async (connection) => {
      const post = async (at: string, body: Record<string, unknown>) =>
        (await connection.callGraph({ method: "POST", path: at, body }, [])).json;
      const application = await post("/applications", { displayName: "himl-by-hand" });
      const principal = await post("/servicePrincipals", { appId: application["appId"] });
      const passwordCredential = { displayName: "rbac", endDateTime: inDays(365) };
      const path = `/applications/${String(application["id"])}/addPassword`;
      const secret = await post(path, { passwordCredential });
      const assignment = await assign(connection, String(principal["id"]));
      return {
        clientId: String(application["appId"]),
        applicationId: String(application["id"]),
        principalId: String(principal["id"]),
        keyId: String(secret["keyId"]),
        removeAssignment: () => asAdmin(azure, (admin) => callAssignment(admin, "DELETE", assignment)),
      };
    });
  }

  async function assign(connection: AzureConnection, principalId: string): Promise<string> {
    const { subscriptionId, resourceGroup } = pulumi.azure;
    const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${CONTRIBUTOR}`;
    const id = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`;
    const properties = { principalId, principalType: "ServicePrincipal", roleDefinitionId };
    await callAssignment(connection, "PUT", id, { properties });
    return id;
  }

  it("keeps client ID, application and the old secret", async () => {
    const { azure, folder } = pulumi;
    const succeed = (...args: string[]) => pulumi.succeed(...args);
    const { clientId, applicationId, principalId, keyId, removeAssignment } = await createByHand();
    const application = () => azure.control.state().applications.find(({ id }) => id === applicationId);
    await succeed("config", "set", "resourceGroupName", azure.resourceGroup);
    await succeed("config", "set", "workspaceName", azure.workspaceName);
    await succeed("config", "set", "displayName", "himl-by-hand");

    await succeed("config", "set", "roles", "[]");

    writeFileSync(path.join(folder, "import.json"), readImportFile(applicationId, principalId));
    await succeed("import", "--file", "import.json", "--protect=false", "--generate-code=false", "--yes");
    const plan = await succeed("preview");
    assert.match(plan, /~ {2}azuread:index:Application himl-application update \[diff: \+description,tags\]/);
    assert.match(plan, /\+ 2 to create\s+~ 2 to update/);
    assert.doesNotMatch(plan, /to replace|to delete/);
    await succeed("up", "--yes");

    await succeed("config", "rm", "roles");
    await removeAssignment();
    await succeed("up", "--yes");

    const outputs = JSON.parse(await succeed("stack", "output", "--json")) as Record<string, string>;
    assert.equal(outputs["HIML_SERVICE_PRINCIPAL_ID"], clientId);
    const { displayName, passwords } = application()!;
    assert.equal(displayName, "himl-by-hand");
    assert.equal(passwords.length, 2);
    assert.ok(passwords.some((password) => password.keyId === keyId));
    assert.doesNotMatch(await succeed("preview"), /to (create|update|replace|delete)/);

    // Given back: the stack takes away what it added, and lets the rest be.
    await succeed("config", "rm", "displayName");
    await succeed("config", "set", "existingClientId", clientId);
    await succeed("up", "--yes");
    assert.equal(application()!.passwords.length, 2);
    await succeed("destroy", "--yes");
    assert.deepEqual(
      application()!.passwords.map((password) => password.keyId),
      [keyId],
    );
    const { servicePrincipals, roleAssignments } = azure.control.state();
    assert.ok(servicePrincipals.some(({ id }) => id === principalId));
    assert.ok(!roleAssignments.some((assignment) => assignment.principalId === principalId));
  });
});

/** The file that docs/take-over.md shows, with the IDs filled in. */
function readImportFile(applicationId: string, principalId: string): string {
  const page = readFileSync(path.resolve(__dirname, "../../docs/take-over.md"), "utf8");
  const json = /```json\n([^`]*)```/.exec(page)?.[1];
  assert.ok(json, "docs/take-over.md shows no import file");
  return json.replace("APPLICATION_OBJECT_ID", applicationId).replace("PRINCIPAL_OBJECT_ID", principalId);
}

async function callAssignment(
  connection: AzureConnection,
  method: "PUT" | "DELETE",
  path: string,
  body?: Record<string, unknown>,
): Promise<void> {
  const call = { method, path: `${path}?api-version=2022-04-01`, ...(body && { body }) };
  const { status } = await connection.callResourceManager(call, []);
  assert.ok(status === 200 || status === 201, `${method} ${path}: ${status}`);
}
