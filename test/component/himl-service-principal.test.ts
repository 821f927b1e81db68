import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { assignmentName } from "../../components/plan/ownership";
import { HimlServicePrincipal, type HimlServicePrincipalArgs } from "../../components/himl-service-principal";
import { fingerprintOf } from "../../components/plan/fingerprint";
import {
  allOf,
  CALLER,
  INSTANCE,
  NOW,
  record,
  recordOptions,
  settled,
  SUBSCRIPTION,
  TENANT,
  tokenCall,
  type RecordedOptions,
} from "./recorder";

const WORKSPACE = { workspaceName: "ws-ml", resourceGroupName: "rg-ml" };
const SCOPE = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml`;
const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";

function declare(
  name: string,
  args: Partial<HimlServicePrincipalArgs> = {},
  opts?: pulumi.ComponentResourceOptions,
) {
  const principal = new HimlServicePrincipal(name, { ...WORKSPACE, ...args }, opts);
  return { result: principal, urns: [allOf(principal)] };
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

describe("HimlServicePrincipal", () => {
  it("registers exactly these resources with exactly these inputs", async () => {
    const { registrations, errors } = await record(() => declare("himl"));

    assert.deepEqual(errors, []);
    assert.deepEqual(registrations.sort(byName), [
      { type: "himl-service-principal:index:HimlServicePrincipal", name: "himl", inputs: {} },
      {
        type: "azuread:index/application:Application",
        name: "himl-application",
        inputs: {
          displayName: "himl-ws-ml-dev",
          description:
            "Used by hi-ml in pipelines for the Azure ML workspace ws-ml. " +
            "Managed by Pulumi: project himl-service-principal, stack dev.",
          owners: [CALLER],
          tags: ["himl-service-principal", `himl-instance:${INSTANCE}`],
        },
      },
      {
        type: "random:index/randomUuid:RandomUuid",
        name: "himl-instance",
        inputs: { keepers: { since: "2026-11-23" } },
      },
      {
        type: "azure-native:authorization:RoleAssignment",
        name: `himl-role-Contributor-on-${SCOPE}`,
        inputs: {
          principalId: "himl-service-principal.objectId",
          principalType: "ServicePrincipal",
          roleAssignmentName: assignmentName({
            instanceId: INSTANCE,
            scope: SCOPE,
            principalId: "himl-service-principal.objectId",
            roleId: CONTRIBUTOR,
          }),
          roleDefinitionId: `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${CONTRIBUTOR}`,
          scope: SCOPE,
        },
      },
      {
        type: "azuread:index/applicationPassword:ApplicationPassword",
        name: "himl-secret-a",
        inputs: {
          applicationId: "himl-application.id",
          displayName: `slot a (himl ${INSTANCE})`,
          endDate: "2027-05-22T00:00:00Z",
          rotateWhenChanged: {
            period: "0",
            generation: "1",
            since: "2026-11-23",
            everyDays: "90",
            instance: INSTANCE,
          },
        },
      },
      {
        type: "azuread:index/servicePrincipal:ServicePrincipal",
        name: "himl-service-principal",
        inputs: { clientId: "himl-application.clientId", owners: [CALLER], useExisting: true },
      },
    ]);
  });

  it("declares the former secret too, where the state holds exactly it", async () => {
    const parent =
      "urn:pulumi:dev::himl-service-principal::himl-service-principal:index:HimlServicePrincipal";
    const made = { period: "0", generation: "1", since: "2026-11-23", everyDays: "90", instance: INSTANCE };
    const secretsIn = async (rotateWhenChanged: Record<string, string>) => {
      const outputs = {
        [`${parent}$random:index/randomUuid:RandomUuid::himl-instance`]: { outputs: { result: INSTANCE } },
        [`${parent}$azuread:index/applicationPassword:ApplicationPassword::himl-secret-a`]: {
          outputs: { rotateWhenChanged },
        },
      };
      const { registrations, errors } = await record(() => declare("himl"), {
        now: new Date("2027-03-01T08:00:00Z"),
        keepers: { "himl-instance": { since: "2026-11-23" } },
        calls: { "pulumi:pulumi:readStackResourceOutputs": () => ({ outputs }) },
      });
      assert.deepEqual(errors, []);
      return registrations
        .filter(({ type }) => type.endsWith(":ApplicationPassword"))
        .map(({ name, inputs }) => [name, inputs["endDate"]]);
    };
    const current = ["himl-secret-b", "2027-08-20T00:00:00Z"];
    assert.deepEqual(await secretsIn(made), [current, ["himl-secret-a", "2027-05-22T00:00:00Z"]]);
    for (const other of [{ generation: "2" }, { since: "2026-11-22" }, { instance: TENANT }])
      assert.deepEqual(await secretsIn({ ...made, ...other }), [current], JSON.stringify(other));
  });

  it("makes no secret by a clock that is more than a day away from the login's token, previewChecks or not", async () => {
    for (const now of ["2036-01-01T00:00:00Z", "2026-11-21T11:00:00Z"]) {
      const { errors, registrations } = await record(() => declare("himl", { previewChecks: false }), {
        now: new Date(now),
        calls: tokenCall(NOW),
      });
      assert.match(errors[0]!.message, /^Clock: .*"machine":"\S+","entra":"2026-11-23T12:00:00.000Z"/s);
      assert.ok(!registrations.some(({ name }) => name.startsWith("himl-secret-")));
    }
  });

  it("gives hi-ml's values as outputs, the password alone as a secret", async () => {
    const { result } = await record(() => declare("himl"));
    const principal = result!;
    const outputs: [string, pulumi.Output<unknown>, unknown, boolean][] = [
      ["clientId", principal.clientId, "himl-application.clientId", false],
      ["clientSecret", principal.clientSecret!, "himl-secret-a.value", true],
      ["tenantId", principal.tenantId, TENANT, false],
      ["subscriptionId", principal.subscriptionId, SUBSCRIPTION, false],
      ["resourceGroupName", principal.resourceGroupName, "rg-ml", false],
      ["workspaceName", principal.workspaceName, "ws-ml", false],
    ];
    for (const [name, output, value, isSecret] of outputs) {
      assert.deepEqual(await settled(output), value, name);
      assert.equal(await pulumi.isSecret(output), isSecret, `${name}: secret`);
    }
    const { details, nodes } = principal;
    const displayName = await settled(nodes.application.displayName);
    assert.deepEqual(await settled(pulumi.output(details)), {
      version: 1,
      instanceId: INSTANCE,
      applicationName: displayName,
      applicationObjectId: "himl-application.objectId",
      servicePrincipalObjectId: "himl-service-principal.objectId",
      authentication: "secret",
      secretsSince: "2026-11-23",
      secrets: [
        {
          slot: "a",
          keyId: "himl-secret-a.keyId",
          starts: "2026-11-23T00:00:00Z",
          ends: "2027-05-22T00:00:00Z",
          current: true,
          fingerprint: fingerprintOf("himl-secret-a.value", "himl-secret-a.keyId"),
        },
      ],
      formerSecrets: undefined,
      trusts: [],
      roles: [{ role: "Contributor", scope: SCOPE }],
      nextRenewal: "2027-02-21T00:00:00.000Z",
    });
    assert.equal(await pulumi.isSecret(pulumi.output(details) as pulumi.Output<unknown>), false);
  });

  it("protects application and principal, and lets secrets and roles go", async () => {
    const options = new Map<string, RecordedOptions>();
    await record(() => declare("himl", {}, { protect: true, transformations: [recordOptions(options)] }));
    const rows = [...options]
      .filter(([name]) => name !== "himl")
      .map(([name, { protect, ignoreChanges, deletedWith, parent }]) => [
        name,
        protect,
        ignoreChanges,
        deletedWith,
        parent,
      ]);
    assert.deepEqual(rows.sort(), [
      ["himl-application", true, ["owners"], undefined, "himl"],
      ["himl-instance", false, ["keepers"], undefined, "himl"],
      [`himl-role-Contributor-on-${SCOPE}`, false, undefined, undefined, "himl"],
      ["himl-secret-a", false, undefined, undefined, "himl"],
      // Where the application stays, the principal does too.
      ["himl-service-principal", true, ["owners"], undefined, "himl"],
    ]);
  });

  it("sets exactly the owners it is given, whatever their order, and then does not ignore changes", async () => {
    const [first, second] = ["aaaaaaaa-0000-4000-8000-000000000000", "BBBBBBBB-0000-4000-8000-000000000000"];
    for (const owners of [
      [first, second],
      [second, first],
    ]) {
      const options = new Map<string, RecordedOptions>();
      const { registrations } = await record(() =>
        declare("himl", { owners }, { transformations: [recordOptions(options)] }),
      );
      for (const name of ["himl-application", "himl-service-principal"]) {
        const { inputs } = registrations.find((registration) => registration.name === name)!;
        assert.deepEqual(inputs["owners"], [first, second.toLowerCase()]);
        assert.deepEqual(options.get(name)!.ignoreChanges ?? [], []);
      }
    }
  });

  it("names role assignments by role and scope: their order, and how a role is spelled, change nothing", async () => {
    const assignmentsOf = async (roles: HimlServicePrincipalArgs["roles"]) => {
      const { registrations } = await record(() => declare("himl", { roles }));
      return registrations.filter(({ type }) => type.endsWith(":RoleAssignment")).sort(byName);
    };
    const one = await assignmentsOf([
      { role: "AzureML Data Scientist", scope: "workspace" },
      { role: "Reader", scope: "subscription" },
    ]);
    const other = await assignmentsOf([
      { role: "ACDD72A7-3385-48EF-BD42-F606FBA81AE7", scope: "subscription" },
      { role: "azureml data scientist", scope: "workspace" },
    ]);
    assert.deepEqual(one, other);
    assert.deepEqual(
      one.map(({ name, inputs }) => [name, inputs["scope"]]),
      [
        [
          `himl-role-AzureML-Data-Scientist-on-${SCOPE}/providers/Microsoft.MachineLearningServices/workspaces/ws-ml`,
          `${SCOPE}/providers/Microsoft.MachineLearningServices/workspaces/ws-ml`,
        ],
        [`himl-role-Reader-on-/subscriptions/${SUBSCRIPTION}`, `/subscriptions/${SUBSCRIPTION}`],
      ],
    );
  });

  it("gives a role on any resource by its ID", async () => {
    const id = "/subscriptions/44444444-4444-4444-8444-444444444444/resourceGroups/rg-data";
    const { registrations } = await record(() => declare("himl", { roles: [{ role: "Reader", scope: id }] }));
    const assignment = registrations.find(({ type }) => type.endsWith(":RoleAssignment"))!;
    assert.equal(assignment.inputs["scope"], id);
    assert.equal(
      assignment.inputs["roleDefinitionId"],
      "/subscriptions/44444444-4444-4444-8444-444444444444/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
    );
  });

  it("can be used twice in one program", async () => {
    const { registrations, errors } = await record(() => {
      const one = declare("one");
      const two = declare("two", { displayName: "second" });
      return { result: undefined, urns: [...one.urns, ...two.urns] };
    });
    assert.deepEqual(errors, []);
    const suffixes = (prefix: string) =>
      registrations
        .filter(({ name }) => name.startsWith(`${prefix}-`))
        .map(({ name }) => name.slice(prefix.length))
        .sort();
    assert.equal(registrations.length, 12);
    assert.deepEqual(suffixes("one"), suffixes("two"));
    const roleOfTwo = registrations.find(({ name }) => name === `two-role-Contributor-on-${SCOPE}`)!;
    assert.equal(roleOfTwo.inputs["principalId"], "two-service-principal.objectId");
  });

  it("takes outputs for its arguments, and looks the workspace up with them", async () => {
    const looked: unknown[] = [];
    const { registrations, errors } = await record(
      () =>
        declare("himl", { workspaceName: pulumi.output("made-here"), displayName: pulumi.output("named") }),
      {
        calls: {
          "azure-native:machinelearningservices:getWorkspace": (inputs) => {
            looked.push(inputs);
            return {};
          },
        },
      },
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(looked, [{ resourceGroupName: "rg-ml", workspaceName: "made-here" }]);
    const application = registrations.find(({ type }) => type.endsWith(":Application"))!;
    assert.equal(application.inputs["displayName"], "named");
  });

  it("gives the same outputs however the provider's tenant is spelled", async () => {
    const { result, errors } = await record(() => declare("himl"), {
      calls: {
        "azuread:index/getClientConfig:getClientConfig": () => ({
          tenantId: "ABCDEF00-1111-4111-8111-111111111111",
          objectId: CALLER.toUpperCase(),
          clientId: "cli",
        }),
        "azure-native:authorization:getClientConfig": () => ({
          tenantId: "abcdef00-1111-4111-8111-111111111111",
          subscriptionId: SUBSCRIPTION,
          objectId: CALLER,
          clientId: "cli",
        }),
      },
    });
    assert.deepEqual(errors, []);
    assert.equal(await settled(result!.tenantId), "abcdef00-1111-4111-8111-111111111111");
  });

  it("looks nothing up where previewChecks is false", async () => {
    const { calls, errors } = await record(() => declare("himl", { previewChecks: false }));
    assert.deepEqual(errors, []);
    assert.ok(!calls.includes("azure-native:machinelearningservices:getWorkspace"));
  });

  it("previews without a look-up where the workspace is not known yet", async () => {
    const unknown = unknownOutput();
    const { registrations, calls, errors } = await record(() => declare("himl", { workspaceName: unknown }), {
      preview: true,
    });
    assert.deepEqual(errors, []);
    assert.ok(!calls.includes("azure-native:machinelearningservices:getWorkspace"));
    assert.equal(registrations.length, 6);
  });
});

/** An output as in the preview of a program that has not created what it comes from. */
function unknownOutput(): pulumi.Output<string> {
  const { Output } = pulumi as unknown as { Output: new (...args: unknown[]) => pulumi.Output<string> };
  const never = Promise.resolve(undefined);
  return new Output([], never, Promise.resolve(false), Promise.resolve(false), Promise.resolve([]));
}
