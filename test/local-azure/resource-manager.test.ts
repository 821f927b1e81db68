import assert from "node:assert/strict";
import {
  ARM_SCOPE,
  CONTRIBUTOR,
  DATA_SCIENTIST,
  type Json,
  ok,
  READER,
  refused,
  UNAUTHORIZED,
  UNKNOWN_ID,
  useRig,
} from "./rig";

describe("local Azure: inventory in Azure Resource Manager", () => {
  const rig = useRig();

  it("lists only subscriptions in which the caller has a role somewhere", async () => {
    const { control, subscriptionId, otherSubscriptionId } = rig.azure;
    const ids = async (login?: Parameters<typeof rig.arm>[3]) => {
      const body = ok(await rig.arm("GET", "/subscriptions", undefined, login));
      assert.equal(body.count.value, body.value.length);
      return body.value.map((one: Json) => one.subscriptionId);
    };
    assert.deepEqual(await ids(), [subscriptionId, otherSubscriptionId]);
    assert.deepEqual(await ids(control.createCaller({ displayName: "nobody" })), []);
    const reader = control.createCaller({ displayName: "r", role: "Reader", scope: rig.workspace });
    assert.deepEqual(await ids(reader), [subscriptionId]);
  });

  it("reads a subscription with a role anywhere in it [?]", async () => {
    const reader = rig.azure.control.createCaller({ displayName: "r", role: "Reader" });
    const path = `/subscriptions/${rig.azure.subscriptionId}`;
    const body = ok(await rig.arm("GET", path, undefined, reader));
    assert.deepEqual([body.state, body.tenantId], ["Enabled", rig.azure.tenantId]);
    refused(
      await rig.arm("GET", `/subscriptions/${rig.azure.otherSubscriptionId}`, undefined, reader),
      UNAUTHORIZED,
    );
  });

  it("answers an unknown subscription with 404 before it looks at rights", async () => {
    const nobody = rig.azure.control.createCaller({ displayName: "nobody" });
    for (const path of [`/subscriptions/${UNKNOWN_ID}`, `/subscriptions/${UNKNOWN_ID}/resourceGroups/x`])
      refused(
        await rig.arm("GET", path, undefined, nobody),
        "404 SubscriptionNotFound",
        `The subscription '${UNKNOWN_ID}' could not be found.`,
      );
  });

  it("lists the tenant", async () => {
    const body = ok(await rig.arm("GET", "/tenants"));
    assert.deepEqual(
      body.value.map((one: Json) => [one.id, one.tenantId]),
      [[`/tenants/${rig.azure.tenantId}`, rig.azure.tenantId]],
    );
  });

  it("reads groups and workspaces whatever the case of the path, and answers in its own", async () => {
    const { subscriptionId, resourceGroup, location } = rig.azure;
    for (const word of ["resourceGroups", "resourcegroups"]) {
      const path = `/subscriptions/${subscriptionId.toUpperCase()}/${word}/${resourceGroup.toUpperCase()}`;
      const group = ok(await rig.arm("GET", path));
      assert.deepEqual([group.id, group.name, group.location], [rig.group, resourceGroup, location]);
    }
    const workspace = ok(
      await rig.arm("GET", rig.workspace.toUpperCase().replace("/SUBSCRIPTIONS", "/subscriptions")),
    );
    assert.equal(workspace.id, rig.workspace);
  });

  it("gives a workspace all that azureml-core and azure-ai-ml read", async () => {
    const { properties, ...workspace } = ok(await rig.arm("GET", rig.workspace));
    assert.deepEqual(
      [workspace.kind, workspace.identity.type, workspace.sku.tier],
      ["Default", "SystemAssigned", "Basic"],
    );
    assert.equal(properties.tenantId, rig.azure.tenantId);
    assert.equal(
      properties.mlFlowTrackingUri,
      `azureml://${new URL(rig.azure.url).host}/mlflow/v1.0${rig.workspace}`,
    );
    for (const name of ["workspaceId", "discoveryUrl", "storageAccount", "keyVault", "applicationInsights"])
      assert.ok(properties[name], name);
  });

  it("lists workspaces of a group and of a subscription, as far as the caller may read them", async () => {
    const list = "/providers/Microsoft.MachineLearningServices/workspaces";
    const names = (body: Json) => body.value.map((one: Json) => one.name);
    const subscription = `/subscriptions/${rig.azure.subscriptionId}`;
    assert.deepEqual(names(ok(await rig.arm("GET", rig.group + list))), ["ws-ml"]);
    assert.deepEqual(names(ok(await rig.arm("GET", subscription + list))), ["ws-ml"]);
    const nobody = rig.azure.control.createCaller({ displayName: "nobody" });
    assert.deepEqual(names(ok(await rig.arm("GET", subscription + list, undefined, nobody))), []);
    refused(await rig.arm("GET", rig.group + list, undefined, nobody), UNAUTHORIZED);
  });

  it("answers what is missing with 404 to whoever may read, and with 403 to others [?]", async () => {
    const nobody = rig.azure.control.createCaller({ displayName: "nobody" });
    const group = `/subscriptions/${rig.azure.subscriptionId}/resourceGroups/missing`;
    const workspace = rig.workspace.replace("ws-ml", "missing");
    refused(
      await rig.arm("GET", group),
      "404 ResourceGroupNotFound",
      "Resource group 'missing' could not be found.",
    );
    refused(
      await rig.arm("GET", workspace),
      "404 ResourceNotFound",
      "The Resource 'Microsoft.MachineLearningServices/workspaces/missing' under resource group 'rg-ml' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    );
    for (const path of [group, workspace])
      refused(await rig.arm("GET", path, undefined, nobody), UNAUTHORIZED);
  });

  it("tells `az resource show` the API versions of a resource type", async () => {
    const path = `/subscriptions/${rig.azure.subscriptionId}/providers/Microsoft.MachineLearningServices`;
    const body = ok(await rig.arm("GET", path.toLowerCase()));
    assert.equal(body.namespace, "Microsoft.MachineLearningServices");
    assert.deepEqual(
      body.resourceTypes.map((one: Json) => one.resourceType),
      ["workspaces"],
    );
    assert.ok(body.resourceTypes[0]?.apiVersions.includes("2024-10-01"));
    refused(
      await rig.arm("GET", `/subscriptions/${rig.azure.subscriptionId}/providers/Microsoft.Nothing`),
      "404 InvalidResourceNamespace",
    );
  });

  describe("api-version", () => {
    const get = async (path: string) => rig.call("GET", path, { token: await rig.token(ARM_SCOPE) });

    it("must be there", async () => {
      const text = "The api-version query parameter (?api-version=) is required for all requests.";
      for (const query of ["", "?api-version="])
        refused(await get(`/subscriptions${query}`), "400 MissingApiVersionParameter", text);
    });

    for (const version of ["2099-01-01", "latest", "2022-12-01' or '1"])
      it(`refuses "${version}" and lists what Microsoft.Resources takes`, async () => {
        const answer = await get(`/subscriptions?api-version=${encodeURIComponent(version)}`);
        const text = `The api-version '${version}' is invalid. The supported versions are '2025-04-01,2025-03-01,`;
        refused(answer, "400 InvalidApiVersionParameter");
        assert.ok(answer.body.error.message.startsWith(text), answer.text);
      });

    it("refuses an unknown one of another provider with NoRegisteredProviderFound [?]", async () => {
      const text =
        /for location 'westeurope' and API version '2099-01-01' for type 'workspaces'\. The supported/;
      refused(await get(`${rig.workspace}?api-version=2099-01-01`), "400 NoRegisteredProviderFound", text);
    });

    for (const version of ["2022-05-01", "2024-10-01-preview", "2025-12-01"])
      it(`takes ${version} for a workspace, as real clients send it`, async () => {
        ok(await get(`${rig.workspace}?api-version=${version}`));
      });
  });
});

describe("local Azure: what roles allow", () => {
  const rig = useRig();
  const tags = { tags: { team: "ml" } };

  it("a Reader reads and cannot write", async () => {
    const reader = rig.azure.control.createCaller({ displayName: "reader", role: "Reader" });
    ok(await rig.arm("GET", rig.workspace, undefined, reader));
    refused(await rig.arm("PATCH", rig.group, tags, reader), UNAUTHORIZED, /resourceGroups\/write/);
    refused(
      await rig.assign(reader.objectId, READER, rig.group, {}, UNKNOWN_ID, reader),
      UNAUTHORIZED,
      /'Microsoft\.Authorization\/roleAssignments\/write'/,
    );
  });

  it("a Contributor writes and cannot assign or remove roles", async () => {
    const contributor = rig.azure.control.createCaller({ displayName: "c", role: "Contributor" });
    assert.deepEqual(ok(await rig.arm("PATCH", rig.group, tags, contributor)).tags, tags.tags);
    const { principalId } = await rig.createLogin();
    refused(await rig.assign(principalId, READER, rig.group, {}, principalId, contributor), UNAUTHORIZED);
    const { id } = ok(await rig.assign(principalId, READER), 201);
    refused(await rig.arm("DELETE", id, undefined, contributor), UNAUTHORIZED, /roleAssignments\/delete/);
  });

  for (const role of ["Owner", "User Access Administrator", "Role Based Access Control Administrator"])
    it(`${role} can assign roles`, async () => {
      const caller = rig.azure.control.createCaller({ displayName: "x", role });
      const { principalId } = await rig.createLogin();
      ok(await rig.assign(principalId, CONTRIBUTOR, rig.group, {}, principalId, caller), 201);
    });

  it("an AzureML Data Scientist reads the workspace [?] and nothing around it", async () => {
    const { principalId, ...login } = await rig.createLogin();
    ok(await rig.assign(principalId, DATA_SCIENTIST, rig.workspace), 201);
    ok(await rig.arm("GET", rig.workspace, undefined, login));
    refused(await rig.arm("GET", rig.group, undefined, login), UNAUTHORIZED);
  });

  it("hold on everything below their scope and nowhere else", async () => {
    const { control, subscriptionId, otherResourceGroup } = rig.azure;
    const other = `/subscriptions/${subscriptionId}/resourceGroups/${otherResourceGroup}`;
    const onGroup = control.createCaller({
      displayName: "a",
      role: "Reader",
      scope: rig.group.toUpperCase().replace("/SUBSCRIPTIONS", "/subscriptions"),
    });
    ok(await rig.arm("GET", rig.workspace, undefined, onGroup));
    refused(await rig.arm("GET", other, undefined, onGroup), UNAUTHORIZED);
    const onAll = control.createCaller({
      displayName: "b",
      role: "Reader",
      scope: `/subscriptions/${subscriptionId}`,
    });
    ok(await rig.arm("GET", other, undefined, onAll));
    const onWorkspace = control.createCaller({ displayName: "c", role: "Reader", scope: rig.workspace });
    refused(await rig.arm("GET", rig.group, undefined, onWorkspace), UNAUTHORIZED);
  });

  it("are told to the caller as its permissions on a scope", async () => {
    const contributor = rig.azure.control.createCaller({ displayName: "c", role: "Contributor" });
    const path = `${rig.group}/providers/Microsoft.Authorization/permissions`;
    const { value } = ok(await rig.arm("GET", path, undefined, contributor));
    assert.deepEqual(value.length, 1);
    assert.deepEqual(value[0]?.actions, ["*"]);
    assert.ok(value[0]?.notActions.includes("Microsoft.Authorization/*/Write"));
    const nobody = rig.azure.control.createCaller({ displayName: "nobody" });
    assert.deepEqual(ok(await rig.arm("GET", path, undefined, nobody)).value, []);
  });
});
