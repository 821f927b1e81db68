import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { HimlServicePrincipal } from "../../components/himl-service-principal";
import type { UpResult } from "../../rehearsal/engine/session";
import { useShared } from "../support/shared";
import { openOwnWorld, openWorld, requireEngine } from "./support";

type Settings = Readonly<Record<string, string | undefined>>;

const RAW = { issuer: "https://gitlab.example", subject: "job" };
const OTHER = { issuer: "https://gitlab.example", subject: "other job" };
const trusts = (...list: object[]) => ({
  authentication: "both",
  federatedCredentials: JSON.stringify(list),
});

describe("What can change in place, on the real engine", function () {
  const world = useShared(openOwnWorld);
  let first: UpResult;

  before(async () => {
    first = await world.session.up();
  });

  /** What an up with these settings does, beside leaving things alone; client ID and secrets have to survive it. */
  async function change(settings: Settings): Promise<string[]> {
    await world.session.configure(settings);
    world.azure.control.clearRequests();
    const result = await world.session.up();
    for (const output of ["HIML_SERVICE_PRINCIPAL_ID", "HIML_SERVICE_PRINCIPAL_PASSWORD"]) {
      assert.equal(result.outputs[output], first.outputs[output], output);
    }
    const secrets = (outputs: UpResult["outputs"]) => (outputs["details"] as { secrets: unknown }).secrets;
    assert.deepEqual(secrets(result.outputs), secrets(first.outputs));
    return result.steps
      .filter(({ operation, type }) => operation !== "same" && /^azure/.test(type))
      .map(({ operation, type, changes }) => {
        // Which place of a list differs depends on IDs that are made up anew in each run.
        const changed = [...new Set(Object.keys(changes).map((name) => name.replace(/\[\d+\]$/, "")))];
        return `${operation} ${type.split(":").at(-1)}${changed.length > 0 ? `: ${changed.join()}` : ""}`;
      })
      .sort();
  }

  /** The writes to role assignments, in their order. */
  function assignmentCalls(): string[] {
    const calls = world.azure.control.requests().filter(({ path }) => path.includes("/roleAssignments/"));
    return calls
      .filter(({ method }) => method !== "GET")
      .map(({ method, path }) => {
        const scope = path.split("/providers/Microsoft.Authorization/")[0]!.split("/").at(-1);
        return `${method} on ${scope}`;
      });
  }

  it("are the texts of the application", async () => {
    assert.deepEqual(await change({ displayName: "another name" }), ["update Application: displayName"]);
    assert.deepEqual(await change({ description: "another text" }), ["update Application: description"]);
    assert.deepEqual(await change({ serviceManagementReference: "4711" }), [
      "update Application: serviceManagementReference",
    ]);
    const application = world.azure.control.state().applications.find(({ initial }) => !initial);
    assert.equal(application?.displayName, "another name");
  });

  it("are the owners", async () => {
    const { azure } = world;
    const pipeline = azure.control.createCaller({ displayName: "pipeline" }).servicePrincipalObjectId;
    const owners = JSON.stringify([pipeline, azure.admin.objectId]);
    assert.deepEqual(await change({ owners }), [
      "update Application: owners",
      "update ServicePrincipal: owners",
    ]);
    const application = azure.control.state().applications.find(({ initial }) => !initial);
    assert.deepEqual([...application!.owners].sort(), [pipeline, azure.admin.objectId].sort());
    const reversed = JSON.stringify([azure.admin.objectId, pipeline]);
    assert.deepEqual(await change({ owners: reversed }), []);
  });

  it("is the role: the new assignment comes before the old one goes", async () => {
    const { resourceGroup } = world.azure;
    assert.deepEqual(await change({ roles: "AzureML Data Scientist" }), [
      "create RoleAssignment",
      "delete RoleAssignment",
    ]);
    assert.deepEqual(assignmentCalls(), [`PUT on ${resourceGroup}`, `DELETE on ${resourceGroup}`]);
  });

  it("are roles and scopes, in the same way, and not their order", async () => {
    const { resourceGroup, workspaceName } = world.azure;
    const scientist = { role: "AzureML Data Scientist", scope: "workspace" };
    const reader = { role: "Reader", scope: "resourceGroup" };
    const roles = JSON.stringify([scientist, reader]);
    assert.deepEqual(await change({ roles }), [
      "create RoleAssignment",
      "create RoleAssignment",
      "delete RoleAssignment",
    ]);
    const [one, two, last] = assignmentCalls();
    assert.deepEqual([one, two].sort(), [`PUT on ${resourceGroup}`, `PUT on ${workspaceName}`].sort());
    assert.equal(last, `DELETE on ${resourceGroup}`);
    assert.deepEqual(await change({ roles: JSON.stringify([reader, scientist]) }), []);
    assert.deepEqual(await change({ roles: JSON.stringify([scientist]) }), ["delete RoleAssignment"]);
  });

  it("are the trusts: another audience in place, another subject as another trust, the order not at all", async () => {
    assert.deepEqual(await change(trusts(RAW)), ["create ApplicationFederatedIdentityCredential"]);
    assert.deepEqual(await change(trusts({ ...RAW, audience: "Azure" })), [
      "update ApplicationFederatedIdentityCredential: audiences",
    ]);
    assert.deepEqual(await change(trusts({ ...RAW, audience: "Azure" }, OTHER)), [
      "create ApplicationFederatedIdentityCredential",
    ]);
    assert.deepEqual(await change(trusts(OTHER, { ...RAW, audience: "Azure" })), []);
    assert.deepEqual(await change(trusts({ ...OTHER, name: "by-name" })), [
      "create-replacement ApplicationFederatedIdentityCredential: displayName",
      "delete ApplicationFederatedIdentityCredential",
      "delete-replaced ApplicationFederatedIdentityCredential",
      "replace ApplicationFederatedIdentityCredential: displayName",
    ]);
    assert.deepEqual(await change({ authentication: "secret", federatedCredentials: undefined }), [
      "delete ApplicationFederatedIdentityCredential",
    ]);
  });

  it("leaves nothing behind after all of that", async () => {
    await world.session.destroy();
    const { applications, servicePrincipals, roleAssignments } = world.azure.control.state();
    const left = [...applications, ...servicePrincipals, ...roleAssignments].filter(
      ({ initial }) => !initial,
    );
    assert.deepEqual(left, []);
  });
});

describe("A workspace in another resource group, on the real engine", () => {
  it("moves the role assignment, the new one first, and leaves client ID and secrets alone", async function () {
    const world = await openWorld(await requireEngine(this), (azure) => {
      const resourceGroupName = new pulumi.Config().require("resourceGroupName");
      // The local Azure has one workspace only.
      const args = { resourceGroupName, workspaceName: azure.workspaceName, previewChecks: false };
      const { clientId, clientSecret } = new HimlServicePrincipal("himl", args);
      return Promise.resolve({ clientId, clientSecret });
    });
    try {
      const { azure, session } = world;
      await session.configure({ resourceGroupName: azure.resourceGroup });
      const before = await session.up();
      await session.configure({ resourceGroupName: azure.otherResourceGroup });
      azure.control.clearRequests();
      assert.deepEqual((await session.up()).outputs, before.outputs);
      const writes = azure.control
        .requests()
        .filter(({ method, path }) => method !== "GET" && path.includes("/roleAssignments/"));
      assert.deepEqual(
        writes.map(({ method, path }) => `${method} on ${path.split("/")[4]}`),
        [`PUT on ${azure.otherResourceGroup}`, `DELETE on ${azure.resourceGroup}`],
      );
    } finally {
      await world.close();
    }
  });
});
