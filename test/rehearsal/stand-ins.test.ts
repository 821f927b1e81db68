import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import * as authorization from "@pulumi/azure-native/authorization";
import * as azuread from "@pulumi/azuread";
import * as pulumi from "@pulumi/pulumi";
import type { LocalAzure } from "../../local-azure/local-azure";
import { inDays } from "../local-azure/rig";
import { asAdmin, openWorld, requireEngine } from "./support";

const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const ASSIGNMENT = "5d4c1f0e-6b0a-4a53-9d2f-0a1b2c3d4e5f";
// Once: another end at each run would be another password.
const ENDS = inDays(365);

/** Settings of the little program below, by their names in the stack. */
interface Settings {
  displayName?: string;
  period?: string;
  description?: string;
  otherGroup?: "true";
  assignmentName?: "random";
  createFirst?: "true";
}

function program(azure: LocalAzure): Promise<Record<string, unknown>> {
  const config = new pulumi.Config();
  const application = new azuread.Application("application", {
    displayName: config.get("displayName") ?? "one",
    description: config.get("description"),
    owners: [azure.admin.objectId],
    tags: ["a", "b"],
  });
  const principal = new azuread.ServicePrincipal("principal", { clientId: application.clientId });
  const password = new azuread.ApplicationPassword("password", {
    applicationId: application.id,
    endDate: ENDS,
    rotateWhenChanged: { period: config.get("period") ?? "1", generation: "1" },
  });
  const group = config.getBoolean("otherGroup") ? azure.otherResourceGroup : azure.resourceGroup;
  new authorization.RoleAssignment(
    "assignment",
    {
      principalId: principal.objectId,
      principalType: "ServicePrincipal",
      ...(config.get("assignmentName") === "random" ? {} : { roleAssignmentName: ASSIGNMENT }),
      roleDefinitionId: `/subscriptions/${azure.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${CONTRIBUTOR}`,
      scope: `/subscriptions/${azure.subscriptionId}/resourceGroups/${group}`,
    },
    config.getBoolean("createFirst") ? { deleteBeforeReplace: false } : {},
  );
  return Promise.resolve({
    applicationId: application.id,
    principalId: principal.id,
    passwordId: password.id,
    keyId: password.keyId,
    value: password.value,
  });
}

describe("the stand-ins, under the real engine", () => {
  let world: Awaited<ReturnType<typeof openWorld>>;

  const use = (settings: Settings): Promise<void> =>
    world.session.configure({
      displayName: undefined,
      period: undefined,
      description: undefined,
      ...settings,
    });

  /** The operations on one resource, in their order. */
  const operations = (
    result: { steps: readonly { name: string; operation: string }[] },
    name: string,
  ): string[] => result.steps.filter((step) => step.name === name).map(({ operation }) => operation);

  before(async function () {
    world = await openWorld(await requireEngine(this), program);
  });

  beforeEach(() => world.reset());

  after(() => world?.close());

  it("previews a creation without a call that writes, and creates with IDs as the real providers form them", async () => {
    const planned = await world.session.preview();
    assert.deepEqual(planned.counts, { create: 5 });
    assert.deepEqual(
      world.azure.control.requests().filter(({ api, method }) => api !== "oauth" && method !== "GET"),
      [],
    );
    const { outputs, secretOutputs } = await world.session.up();
    const state = world.azure.control.state();
    const application = state.applications.find(({ initial }) => !initial);
    const principal = state.servicePrincipals.find(({ initial }) => !initial);
    assert.equal(outputs["applicationId"], `/applications/${application?.id}`);
    assert.equal(outputs["principalId"], `/servicePrincipals/${principal?.id}`);
    assert.equal(outputs["passwordId"], `${application?.id}/password/${application?.passwords[0]?.keyId}`);
    assert.deepEqual(application?.owners, [world.azure.admin.objectId]);
    assert.deepEqual(secretOutputs, ["value"]);
  });

  it("changes nothing after an up, nor after a refresh", async () => {
    await world.session.up();
    assert.deepEqual((await world.session.preview()).counts, { same: 5 });
    assert.deepEqual((await world.session.refresh()).counts, { same: 5 });
    assert.deepEqual((await world.session.preview()).counts, { same: 5 });
  });

  it("updates what can be updated, with the changed property in the plan", async () => {
    await world.session.up();
    await use({ displayName: "two", description: "what it is for" });
    const result = await world.session.up();
    const step = result.steps.find(({ name }) => name === "application");
    assert.equal(step?.operation, "update");
    assert.deepEqual(step?.changes, { displayName: "update", description: "add" });
    assert.equal(
      world.azure.control.state().applications.find(({ initial }) => !initial)?.displayName,
      "two",
    );
  });

  it("replaces a password, the new one first", async () => {
    const before = await world.session.up();
    await use({ period: "2" });
    const result = await world.session.up();
    const step = result.steps.find(({ name }) => name === "password");
    assert.deepEqual(step?.changes, { "rotateWhenChanged.period": "update-replace" });
    assert.deepEqual(operations(result, "password"), ["create-replacement", "replace", "delete-replaced"]);
    assert.notEqual(result.outputs["keyId"], before.outputs["keyId"]);
  });

  const deletedFirst = ["delete-replaced", "replace", "create-replacement"];
  const createdFirst = ["create-replacement", "replace", "delete-replaced"];
  const replacements: [when: string, settings: Settings, order: string[]][] = [
    ["after its deletion if it has a given name, as azure-native does", {}, deletedFirst],
    ["before its deletion if the program asks for that", { createFirst: "true" }, createdFirst],
    ["before its deletion if the provider chose the name", { assignmentName: "random" }, createdFirst],
  ];
  for (const [when, settings, order] of replacements) {
    it(`replaces a role assignment ${when}`, async () => {
      await use(settings);
      await world.session.up();
      await use({ otherGroup: "true" });
      assert.deepEqual(operations(await world.session.up(), "assignment"), order);
    });
  }

  it("sees after a refresh what somebody else has changed, and takes it back", async () => {
    const { outputs } = await world.session.up();
    await asAdmin(world.azure, async (connection) => {
      const path = String(outputs["applicationId"]);
      const body = { displayName: "renamed", description: "by hand" };
      assert.equal((await connection.callGraph({ method: "PATCH", path, body }, [])).status, 204);
    });
    await world.session.refresh();
    const planned = await world.session.preview();
    assert.deepEqual(planned.steps.find(({ name }) => name === "application")?.changes, {
      displayName: "update",
      description: "delete",
    });
    await world.session.up();
    assert.equal(
      world.azure.control.state().applications.find(({ initial }) => !initial)?.displayName,
      "one",
    );
  });

  it("makes a password again that somebody else has removed", async () => {
    const { outputs } = await world.session.up();
    await asAdmin(world.azure, async (connection) => {
      const path = `${String(outputs["applicationId"])}/removePassword`;
      const call = { method: "POST", path, body: { keyId: outputs["keyId"] } } as const;
      assert.equal((await connection.callGraph(call, [])).status, 204);
    });
    assert.deepEqual((await world.session.refresh()).counts, { same: 4, delete: 1 });
    assert.deepEqual((await world.session.up()).counts, { same: 4, create: 1 });
  });

  it("takes a deletion that Graph answers with 404 for an error, as azuread does", async () => {
    const { outputs } = await world.session.up();
    await asAdmin(world.azure, async (connection) => {
      const path = String(outputs["principalId"]);
      assert.equal((await connection.callGraph({ method: "DELETE", path }, [])).status, 204);
    });
    await assert.rejects(world.session.destroy(), {
      code: "ENGINE_FAILED",
      message:
        /Deleting .*: unexpected status 404 \(404 Not Found\) with error: Request_ResourceNotFound: Resource /,
    });
  });

  it("takes a deletion of a role assignment that is gone for done, as azure-native does", async () => {
    await world.session.up();
    await asAdmin(world.azure, async (connection) => {
      const id = world.azure.control.state().roleAssignments.find(({ initial }) => !initial)?.id;
      const call = { method: "DELETE", path: `${id}?api-version=2022-04-01` } as const;
      assert.equal((await connection.callResourceManager(call, [])).status, 200);
    });
    assert.deepEqual((await world.session.destroy()).counts, { delete: 5 });
  });

  it("repeats a call which Azure is too busy for, after the time that Azure names", async () => {
    world.azure.control.addFault({
      match: { method: "POST", path: "/v1.0/applications" },
      times: 1,
      carriedOut: false,
      answer: 429,
      retryAfter: 1,
    });
    await world.session.up();
    const calls = world.azure.control.requests().filter(({ path }) => path === "/v1.0/applications");
    assert.deepEqual(
      calls.map(({ status }) => status),
      [429, 201],
    );
  });

  it("fails where an answer is lost, and the next up goes on from there", async () => {
    world.azure.control.addFault({
      match: { method: "POST", path: "/v1.0/servicePrincipals" },
      times: 1,
      carriedOut: false,
      answer: "reset",
    });
    await assert.rejects(world.session.up(), { code: "ENGINE_FAILED", message: /the connection failed/ });
    await world.session.up();
    assert.equal(world.azure.control.state().applications.filter(({ initial }) => !initial).length, 1);
    assert.deepEqual((await world.session.preview()).counts, { same: 5 });
  });

  it("says why a login was refused", async () => {
    await world.session.logIn({ ...world.azure.direct, ARM_CLIENT_SECRET: "wrong" });
    await assert.rejects(world.session.preview(), (error: Error) => {
      assert.match(error.message, /AADSTS7000215/);
      return true;
    });
  });

  it("ends where the program fails over a value that comes late, and runs the next program as if nothing had been", async function () {
    let fails = true;
    await world.close();
    world = await openWorld(await requireEngine(this), () => {
      const owner = azuread.getClientConfigOutput().objectId.apply((id) => {
        if (fails) throw new pulumi.RunError("this owner will not do");
        return id;
      });
      const application = new azuread.Application("application", { displayName: "one", owners: [owner] });
      return Promise.resolve({ id: application.id });
    });
    await assert.rejects(world.session.up(), {
      code: "ENGINE_FAILED",
      message: /this owner will not do$/,
    });
    fails = false;
    // The stack itself is there since the first attempt.
    assert.deepEqual((await world.session.up()).counts, { same: 1, create: 1 });
  });

  it("creates, changes and forgets a trust with its application", async function () {
    await world.close();
    world = await openWorld(await requireEngine(this), () => {
      const application = new azuread.Application("application", { displayName: "one" });
      const trust = new azuread.ApplicationFederatedIdentityCredential(
        "trust",
        {
          applicationId: application.id,
          displayName: "main",
          audiences: ["api://AzureADTokenExchange"],
          issuer: "https://token.actions.githubusercontent.com",
          subject: `repo:o/r:ref:refs/heads/${new pulumi.Config().get("branch") ?? "main"}`,
        },
        { deletedWith: application },
      );
      return Promise.resolve({ id: trust.id, credentialId: trust.credentialId });
    });
    const { outputs } = await world.session.up();
    const [application] = world.azure.control.state().applications.filter(({ initial }) => !initial);
    assert.equal(
      outputs["id"],
      `${application?.id}/federatedIdentityCredential/${String(outputs["credentialId"])}`,
    );
    await world.session.configure({ branch: "other" });
    const result = await world.session.up();
    assert.deepEqual(result.steps.find(({ name }) => name === "trust")?.changes, { subject: "update" });
    assert.equal(result.outputs["id"], outputs["id"]);
    const [changed] = world.azure.control.state().applications.filter(({ initial }) => !initial);
    assert.equal(changed?.federatedCredentials[0]?.subject, "repo:o/r:ref:refs/heads/other");
    world.azure.control.clearRequests();
    await world.session.destroy();
    const deletions = world.azure.control.requests().filter(({ method }) => method === "DELETE");
    assert.deepEqual(
      deletions.map(({ path }) => path),
      [`/v1.0/applications/${application?.id}`],
    );
  });

  it("stops when it is interrupted while Azure does not answer", async function () {
    const interruption = new AbortController();
    await world.close();
    world = await openWorld(await requireEngine(this), program, { signal: interruption.signal });
    world.azure.control.addFault({
      match: { method: "POST", path: "/v1.0/applications" },
      times: 1,
      carriedOut: false,
      answer: "hang",
    });
    const up = world.session.up();
    const settled = up.then(
      () => true,
      () => true,
    );
    const isHanging = (): boolean =>
      world.azure.control.requests().some(({ path }) => path === "/v1.0/applications");
    while (!isHanging() && !(await Promise.race([settled, sleep(50, false)])));
    interruption.abort();
    await assert.rejects(up, { code: "INTERRUPTED" });
  });
});
