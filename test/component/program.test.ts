import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import program from "../../index";
import { STACK_OUTPUTS } from "../../stack/contract";
import { INSTANCE, record, settled, SUBSCRIPTION, TENANT } from "./recorder";

const settings = (values: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`himl-service-principal:${name}`, value]),
  );

const run = (values: Record<string, string>) =>
  record(
    () => {
      const outputs = program();
      return { result: outputs, urns: [pulumi.output(outputs) as unknown as pulumi.Output<string>] };
    },
    { config: settings(values) },
  );

describe("The program", () => {
  it("gives exactly the outputs of the contract, and only the password as a secret", async () => {
    const { result, errors } = await run({ resourceGroupName: "rg-ml", workspaceName: "ws-ml" });
    assert.deepEqual(errors, []);
    assert.deepEqual(
      Object.keys(result!),
      STACK_OUTPUTS.map(({ name }) => name),
    );
    for (const { name, isSecret } of STACK_OUTPUTS) {
      assert.equal(await pulumi.isSecret(pulumi.output<unknown>(result![name])), isSecret, name);
    }
    assert.deepEqual(await settled(pulumi.output<unknown>(result)), {
      HIML_SERVICE_PRINCIPAL_ID: "himl-application.clientId",
      HIML_SERVICE_PRINCIPAL_PASSWORD: "himl-secret-a.value",
      HIML_TENANT_ID: TENANT,
      HIML_SUBSCRIPTION_ID: SUBSCRIPTION,
      HIML_RESOURCE_GROUP: "rg-ml",
      HIML_WORKSPACE_NAME: "ws-ml",
      details: await settled(pulumi.output(result!.details) as pulumi.Output<unknown>),
    });
  });

  it("hands every setting on to the component", async () => {
    const { registrations, errors } = await run({
      resourceGroupName: "rg-ml",
      workspaceName: "ws-ml",
      subscriptionId: SUBSCRIPTION,
      displayName: "himl-training",
      description: "Nightly training",
      owners: '["5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36"]',
      serviceManagementReference: "4711",
      roles: "AzureML Data Scientist",
      renewSecretsEveryDays: "30",
      secretGeneration: "7",
    });
    assert.deepEqual(errors, []);
    const inputsOf = (name: string) =>
      registrations.find((registration) => registration.name === name)?.inputs;
    assert.deepEqual(inputsOf("himl-application"), {
      displayName: "himl-training",
      description: "Nightly training",
      owners: ["5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36"],
      serviceManagementReference: "4711",
      tags: ["himl-service-principal", `himl-instance:${INSTANCE}`],
    });
    assert.deepEqual(inputsOf("himl-secret-a")?.["rotateWhenChanged"], {
      period: "0",
      generation: "7",
      since: "2026-11-23",
      everyDays: "30",
      instance: INSTANCE,
    });
    assert.ok(
      inputsOf(`himl-role-AzureML-Data-Scientist-on-/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml`),
    );
  });

  it("fails with wrong settings as an error that Pulumi shows without a stack trace", async () => {
    const { errors, registrations } = await run({ resourceGroupName: "rg-ml", workspacename: "ws-ml" });
    assert.equal(errors.length, 1);
    assert.ok(pulumi.RunError.isInstance(errors[0]));
    assert.match(errors[0].message, /^Settings of stack dev: 2 problems\. Nothing was changed\.\n/);
    assert.deepEqual(registrations, []);
  });

  it("fails before anything else where a provider is told to use another cloud", async () => {
    const { errors, registrations, calls } = await record(() => ({ result: program(), urns: [] }), {
      config: {
        ...settings({ resourceGroupName: "rg-ml", workspaceName: "ws-ml" }),
        "azuread:environment": "usgovernment",
      },
    });
    assert.match(errors[0]!.message, /^ {2}azuread:environment must be public, /m);
    assert.deepEqual([registrations, calls], [[], []]);
  });

  it("does not take settings of other namespaces for its own", async () => {
    const { errors } = await record(() => ({ result: program(), urns: [] }), {
      config: {
        ...settings({ resourceGroupName: "rg-ml", workspaceName: "ws-ml" }),
        "azure-native:location": "westeurope",
        "himl-service-principal-other:colour": "red",
      },
    });
    assert.deepEqual(errors, []);
  });

  it("refuses encrypted settings that outputs and Azure's own logs show, and takes the others", async () => {
    // What is encrypted stands in the second argument, which Pulumi's types leave out.
    const runtime = pulumi.runtime as {
      setAllConfig(values: Record<string, string>, encrypted?: string[]): void;
    };
    const config = settings({
      resourceGroupName: "rg-ml",
      workspaceName: "ws-ml",
      roles: "Reader",
      description: "x",
    });
    const encrypting = (...names: string[]) =>
      record(() => {
        runtime.setAllConfig(
          config,
          Object.keys(settings(Object.fromEntries(names.map((name) => [name, ""])))),
        );
        return { result: program(), urns: [] };
      });
    const { errors } = await encrypting("resourceGroupName", "roles", "description");
    assert.deepEqual(errors[0]?.message.match(/^ {2}\w+ must .*/gm), [
      "  resourceGroupName must not be a secret: names stand in Azure's own logs, in the outputs and in messages.",
      "  roles must not be a secret: names stand in Azure's own logs, in the outputs and in messages.",
    ]);
    assert.deepEqual((await encrypting("description")).errors, []);
  });
});
