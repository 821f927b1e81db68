import assert from "node:assert/strict";
import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { HimlServicePrincipal, type HimlServicePrincipalArgs } from "../../components/himl-service-principal";
import {
  allOf,
  record,
  recordOptions,
  type RecordedOptions,
  SUBSCRIPTION,
  TENANT,
  type Call,
} from "./recorder";

const GET_WORKSPACE = "azure-native:machinelearningservices:getWorkspace";

/** Runs the component, and returns its error and what was registered in spite of it. */
async function refusal(args: Partial<HimlServicePrincipalArgs>, calls: Record<string, Call> = {}) {
  const { errors, registrations } = await record(
    () => {
      const principal = new HimlServicePrincipal("himl", {
        workspaceName: "ws-ml",
        resourceGroupName: "rg-ml",
        ...args,
      });
      return { result: principal, urns: [allOf(principal)] };
    },
    { calls },
  );
  assert.equal(errors.length, 1, `one error: ${errors.map(String).join("\n")}`);
  assert.ok(pulumi.ResourceError.isInstance(errors[0]), String(errors[0]));
  assert.equal(errors[0].hideStack, true);
  assert.equal(inspect(errors[0]), errors[0].message, "cheap to inspect, as Pulumi's runner does");
  return { message: errors[0].message, registered: registrations.map(({ name }) => name) };
}

const azureError = (status: number, code: string, message: string): Call => {
  return ({ resourceGroupName, workspaceName }) => {
    const id = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${resourceGroupName as string}/providers/Microsoft.MachineLearningServices/workspaces/${workspaceName as string}`;
    throw new Error(
      `invocation of ${GET_WORKSPACE} returned an error: request failed ${id}: Status=${status} Code="${code}" Message="${message}"`,
    );
  };
};

describe("HimlServicePrincipal refuses, before anything is registered", () => {
  it("a cloud that hi-ml does not know, with all other problems", async () => {
    const before = process.env["ARM_ENVIRONMENT"];
    process.env["ARM_ENVIRONMENT"] = "usgovernment";
    try {
      const { message, registered } = await refusal({ secretGeneration: 0 });
      assert.match(message, /: 2 problems\. Nothing was changed\.\n {2}secretGeneration must /);
      assert.match(
        message,
        /\n {2}ARM_ENVIRONMENT must be public, or be left out: hi-ml supports no other cloud\./,
      );
      assert.deepEqual(registered, ["himl"]);
    } finally {
      if (before === undefined) delete process.env["ARM_ENVIRONMENT"];
      else process.env["ARM_ENVIRONMENT"] = before;
    }
  });

  it("an output, a text and an unknown thing where plain lists belong", async () => {
    const later = pulumi.output("Contributor");
    const lists = { roles: [{ role: later }], federatedCredentials: "octocat/training" } as object;
    const { message } = await refusal(lists);
    assert.match(message, /roles must be a plain value, not an output/);
    assert.match(message, /federatedCredentials must be a list/);
  });

  it("a switch that is a text, as another language or a setting may give it", async () => {
    const { message } = await refusal({ previewChecks: "false" } as object);
    assert.match(message, /previewChecks must be true or false\. Received "false"\./);
  });

  it("every wrong plain argument at once", async () => {
    const { message, registered } = await refusal({
      workspaceName: "w",
      resourceGroupName: "rg-ml.",
      subscriptionId: "mine",
      displayName: "x".repeat(121),
      description: "",
      serviceManagementReference: " ",
      owners: ["me"],
      renewSecretsEveryDays: 0.5,
      secretGeneration: 0,
      roles: [
        { role: "Contribtor" },
        { role: "Owner", scope: "workspace" },
        { role: "Reader", scope: "nowhere" as "workspace" },
        { role: "Contributor" },
        { role: "Contributor", scope: "resourceGroup" },
      ],
    });
    assert.equal(
      message,
      `HimlServicePrincipal "himl": 13 problems. Nothing was changed.
  subscriptionId must be a GUID. Received "mine".
    \`az account list --output table\` lists your subscriptions.
  resourceGroupName must have 1 to 90 letters, digits, or any of _ - . ( ), and not end with a period. Received "rg-ml.".
    The Azure portal shows the name on the Overview page of the workspace.
  workspaceName must have 3 to 33 letters, digits, - or _, the first a letter or a digit. Received "w".
    The Azure portal shows the name on the Overview page of the workspace.
  displayName must have 1 to 120 characters. Received "${"x".repeat(60)}… (121 characters)".
    Choose a name by which an administrator recognises the pipeline.
  description must have 1 to 1024 characters. Received "".
    Leave it out for a description made from the workspace and the stack.
  serviceManagementReference must not be empty. Received " ".
    Leave it out unless your tenant demands it; its administrators know the value.
  owners must be a list of 1 to 100 different object IDs, each a GUID. Received ["me"].
    \`az ad signed-in-user show --query id\` shows your own object ID.
  renewSecretsEveryDays must be a whole number of days from 1 to 365. Received 0.5.
    A secret lives for twice as long: 90 gives secrets of at most 180 days.
  secretGeneration must be a whole number from 1. Received 0.
    Raise it by one after a leak: that replaces every secret at once.
  roles[0].role must be the name of a built-in role of Azure ML or the GUID of any role. Received "Contribtor".
    Did you mean "Contributor", "Reader", "Owner"? \`az role definition list --name NAME --query "[].name"\` shows the GUID of any other role.
  roles[1].role must not let its holder give itself every other role, unless allowPrivilegedRoles is true. Received "Owner".
    hi-ml needs Contributor, or less: "AzureML Data Scientist".
  roles[2].scope must be resourceGroup, workspace, subscription or a resource ID that begins with /subscriptions/. Received "nowhere".
    The Azure portal shows the resource ID under Properties or JSON View.
  roles[4] must be a role and scope that are not in the list yet. Received {"role":"Contributor","scope":"resourceGroup"}.
    Azure allows one assignment for each principal, role and scope: remove one of the two.`,
    );
    assert.deepEqual(
      registered.filter((name) => name !== "himl"),
      [],
    );
  });

  it("an argument that is wrong when its output is known", async () => {
    const { message, registered } = await refusal({ workspaceName: pulumi.output("w") });
    assert.match(message, /workspaceName must have 3 to 33 letters.* Received "w"\./);
    assert.deepEqual(registered, ["himl"]);
  });

  const location = `{"subscriptionId":"${SUBSCRIPTION}","resourceGroupName":"rg-ml","workspaceName":"ws-ml"}`;
  const lookUps: [string, Call, string][] = [
    [
      "a workspace that does not exist",
      azureError(404, "ResourceNotFound", "The Resource … was not found."),
      `The workspace (Azure: ResourceNotFound) must exist in its resource group. Received ${location}.
    \`az resource list --resource-group rg-ml --resource-type Microsoft.MachineLearningServices/workspaces\` lists those that do. If this program creates it, set previewChecks to false.`,
    ],
    [
      "a resource group that does not exist",
      azureError(404, "ResourceGroupNotFound", "Resource group 'rg-ml' could not be found."),
      `The workspace (Azure: ResourceGroupNotFound) must be in a resource group that exists. Received ${location}.
    \`az group list --subscription ${SUBSCRIPTION} --output table\` lists those that do. If this program creates it, set previewChecks to false.`,
    ],
    [
      "a subscription that does not exist",
      azureError(404, "SubscriptionNotFound", "The subscription could not be found."),
      `The workspace (Azure: SubscriptionNotFound) must be in a subscription that exists in your tenant. Received ${location}.
    \`az account list --output table\` lists those you can reach; \`az login --tenant TENANT\` changes the tenant.`,
    ],
    [
      "a workspace that may not be read",
      azureError(403, "AuthorizationFailed", "The client … does not have authorization"),
      `The workspace (Azure: AuthorizationFailed) must be readable with your login. Received ${location}.
    Ask for a role on resource group rg-ml that may read it and assign roles, and check the names: without a role, Azure does not say whether they exist. If this program creates it, set previewChecks to false.`,
    ],
  ];
  for (const [what, call, expected] of lookUps) {
    it(what, async () => {
      const { message, registered } = await refusal({}, { [GET_WORKSPACE]: call });
      assert.equal(message, `Azure ML workspace: 1 problem. Nothing was changed.\n  ${expected}`);
      assert.deepEqual(registered, ["himl"]);
    });
  }

  it("a subscription that is not the provider's, since the look-up can reach no other", async () => {
    const subscriptionId = "55555555-5555-4555-8555-555555555555";
    const { message, registered } = await refusal({ subscriptionId });
    assert.equal(
      message,
      `Azure ML workspace: 1 problem. Nothing was changed.
  The subscription of the workspace must be the one that the azure-native provider uses. Received {"workspace":"${subscriptionId}","provider":"${SUBSCRIPTION}"}.
    \`pulumi config set azure-native:subscriptionId ${subscriptionId}\``,
    );
    assert.deepEqual(registered, ["himl"]);
  });

  it("a look-up that fails for another reason, with that reason", async () => {
    const { message, registered } = await refusal(
      {},
      {
        [GET_WORKSPACE]: () => {
          throw new Error("getaddrinfo ENOTFOUND management.azure.com");
        },
      },
    );
    assert.equal(
      message,
      `Azure ML workspace: 1 problem. Nothing was changed.
  The workspace must be readable. It was not: getaddrinfo ENOTFOUND management.azure.com. Received ${location}.
    Try again. If the problem stays: the message above is from Azure.`,
    );
    assert.deepEqual(registered, ["himl"]);
  });

  it("a provider that is not logged in", async () => {
    const { message, registered } = await refusal(
      {},
      {
        "azuread:index/getClientConfig:getClientConfig": () => {
          throw new Error("could not configure AzureCli Authorizer: please run 'az login'");
        },
      },
    );
    assert.equal(
      message,
      `Azure ML workspace: 1 problem. Nothing was changed.
  The azuread provider must be logged in to Azure. It said: could not configure AzureCli Authorizer: please run 'az login'.
    \`az login --tenant TENANT\`, or ARM_CLIENT_ID, ARM_CLIENT_SECRET, ARM_TENANT_ID and ARM_SUBSCRIPTION_ID in a pipeline.`,
    );
    assert.deepEqual(registered, ["himl"]);
  });

  it("providers that are logged in to two tenants", async () => {
    const other = "66666666-6666-4666-8666-666666666666";
    const { message, registered } = await refusal(
      {},
      { "azuread:index/getClientConfig:getClientConfig": () => ({ tenantId: other, objectId: "x" }) },
    );
    assert.equal(
      message,
      `Azure ML workspace: 1 problem. Nothing was changed.
  The tenants of the azuread and the azure-native provider must be the same. Received {"azuread":"${other}","azure-native":"${TENANT}"}.
    \`pulumi config set azuread:tenantId ${TENANT}\`, or \`az login --tenant TENANT\` for both.`,
    );
    assert.deepEqual(registered, ["himl"]);
  });
});

describe("HimlServicePrincipal", () => {
  it("gives a privileged role to those who say that it is meant", async () => {
    const { errors, registrations } = await record(() => {
      const principal = new HimlServicePrincipal("himl", {
        workspaceName: "ws-ml",
        resourceGroupName: "rg-ml",
        roles: [{ role: "Owner" }],
        allowPrivilegedRoles: true,
      });
      return { result: principal, urns: [allOf(principal)] };
    });
    assert.deepEqual(errors, []);
    assert.ok(registrations.some(({ name }) => name.startsWith("himl-role-Owner-on-/subscriptions/")));
  });
});

describe("The resource options of the component", () => {
  const declare = (opts: pulumi.ComponentResourceOptions) => {
    const args = { workspaceName: "ws-ml", resourceGroupName: "rg-ml" };
    const principal = new HimlServicePrincipal("himl", args, opts);
    return { result: principal, urns: [allOf(principal)] };
  };

  it("have no deletedWith: a destroy would let go of the secrets", async () => {
    const { errors, registrations } = await record(() => {
      const other = new pulumi.ComponentResource("test:index:Other", "other");
      return declare({ deletedWith: other });
    });
    assert.match(errors[0]!.message, /The resource option deletedWith must be left out/);
    assert.ok(!registrations.some(({ name }) => name === "himl-application"));
  });

  it("let trusts go with an application only if Azure really deletes it", async () => {
    const options = new Map<string, RecordedOptions>();
    await record(() => declare({ retainOnDelete: true, transformations: [recordOptions(options)] }));
    assert.equal(options.get("himl-service-principal")!.deletedWith, undefined);
  });
});

describe("A role that only Azure knows", () => {
  const id = "0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6";
  const GET = "azure-native:authorization:getRoleDefinition";
  const run = (call: Call, allowPrivilegedRoles = false) =>
    record(
      () => {
        const roles = [{ role: id }];
        const args = {
          workspaceName: "ws-ml",
          resourceGroupName: "rg-ml",
          roles,
          allowPrivilegedRoles,
        };
        const principal = new HimlServicePrincipal("himl", args);
        return { result: principal, urns: [allOf(principal)] };
      },
      { calls: { [GET]: call } },
    );

  it("is refused in preview if it lets its holder give itself every other role", async () => {
    const { errors, registrations } = await run(() => ({
      permissions: [{ actions: ["Microsoft.Authorization/roleAssignments/*"] }],
    }));
    assert.equal(errors.length, 1);
    assert.match(errors[0]!.message, /roles must not let its holder give itself every other role/);
    assert.deepEqual(
      registrations.map(({ name }) => name),
      ["himl"],
    );
  });

  it("is taken if it does not, or unread if allowPrivilegedRoles says that it is meant", async () => {
    const unreadable = () => {
      throw new Error('Status=403 Code="AuthorizationFailed"');
    };
    for (const { errors, registrations } of [
      await run(() => ({ permissions: [{ actions: ["*/read"] }] })),
      await run(unreadable, true),
    ]) {
      assert.deepEqual(errors, []);
      assert.ok(registrations.some(({ name }) => name.startsWith(`himl-role-${id}-on-/subscriptions/`)));
    }
  });

  it("is refused in preview if Azure does not say what it allows", async () => {
    for (const call of [
      () => {
        throw new Error('Status=403 Code="AuthorizationFailed"');
      },
      () => ({}),
    ]) {
      const { errors, registrations } = await run(call);
      assert.match(
        errors[0]!.message,
        /roles must have definitions that can be read, unless allowPrivilegedRoles/,
      );
      assert.equal(registrations.length, 1);
    }
  });
});
