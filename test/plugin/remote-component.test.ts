import assert from "node:assert/strict";
import path from "node:path";
import * as azuread from "@pulumi/azuread";
import * as azureNative from "@pulumi/azure-native";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { LocalAzure } from "../../local-azure/local-azure";
import type { OperationResult } from "../../rehearsal/engine/operation-log";
import { openWorld, PROJECT, requireEngine } from "../rehearsal/support";
import { type PluginProcess, startPlugin } from "./plugin-process";

/** The component as every SDK that Pulumi makes registers it: by its type, with the plugin to construct it. */
class RemotePrincipal extends pulumi.ComponentResource {
  declare readonly clientId: pulumi.Output<string>;
  declare readonly clientSecret: pulumi.Output<string | undefined>;
  declare readonly tenantId: pulumi.Output<string>;
  declare readonly details: pulumi.Output<{ instanceId: string; secrets: unknown[]; trusts: unknown[] }>;

  constructor(name: string, args: Record<string, unknown>, options?: pulumi.ComponentResourceOptions) {
    const outputs = {
      clientId: undefined,
      clientSecret: undefined,
      tenantId: undefined,
      details: undefined,
    };
    const type = "himl-service-principal:index:HimlServicePrincipal";
    super(type, name, { ...args, ...outputs }, options, true);
  }
}

const outputsOf = (principal: RemotePrincipal) => ({
  HIML_SERVICE_PRINCIPAL_ID: principal.clientId,
  HIML_SERVICE_PRINCIPAL_PASSWORD: principal.clientSecret,
  HIML_TENANT_ID: principal.tenantId,
  details: principal.details,
});

const ISSUER = "https://issuer.example";
const FEDERATED = {
  authentication: "federated",
  federatedCredentials: [{ issuer: ISSUER, subject: "job" }],
};

describe("The plugin, on the real engine", function () {
  let plugin: PluginProcess;
  let world: Awaited<ReturnType<typeof openWorld>>;
  let program: (azure: LocalAzure) => Record<string, unknown>;

  before(async function () {
    this.timeout(120_000);
    const engine = await requireEngine(this);
    plugin = await startPlugin();
    world = await openWorld(engine, (azure) => Promise.resolve(program(azure)), {
      project: path.join(PROJECT, "examples/minimal/Pulumi.yaml"),
      attached: { providers: [plugin.attached] },
    });
  });

  afterEach(async function () {
    if (this.currentTest?.isPassed()) return;
    // So that one failure is not all.
    program = () => ({});
    await world.session.up();
  });

  after(async () => {
    await world?.close();
    await plugin?.close();
  });

  const workspace = () => ({
    resourceGroupName: world.azure.resourceGroup,
    workspaceName: world.azure.workspaceName,
  });

  const created = () => {
    const { applications, servicePrincipals, roleAssignments } = world.azure.control.state();
    return {
      applications: applications.filter(({ initial }) => !initial),
      principals: servicePrincipals.filter(({ initial }) => !initial),
      assignments: roleAssignments.filter(({ initial }) => !initial),
    };
  };

  const resourcesOf = (result: OperationResult, operation: string) =>
    result.steps.filter((step) => step.operation === operation).map(({ name }) => name);

  async function destroyAll() {
    await world.session.destroy();
    assert.deepEqual(created(), { applications: [], principals: [], assignments: [] });
  }

  it("previews with a workspace that is not known yet, creates, changes nothing at the second up, and destroys all", async () => {
    program = (azure) => {
      const unknown = new random.RandomUuid("unknown");
      const workspaceName = unknown.result.apply(() => azure.workspaceName);
      return outputsOf(
        new RemotePrincipal("himl", { resourceGroupName: azure.resourceGroup, workspaceName }),
      );
    };
    const planned = await world.session.preview();
    assert.ok(resourcesOf(planned, "create").includes("himl-application"));
    assert.deepEqual(created().applications, []);

    const { outputs, secretOutputs } = await world.session.up();
    const [application] = created().applications;
    assert.equal(outputs["HIML_SERVICE_PRINCIPAL_ID"], application!.appId);
    assert.equal(outputs["HIML_TENANT_ID"], world.azure.tenantId);
    assert.deepEqual(secretOutputs, ["HIML_SERVICE_PRINCIPAL_PASSWORD"]);
    assert.equal(created().assignments.length, 1);
    const password = outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"];
    assert.ok(typeof password === "string" && password.length > 20);
    assert.ok(!JSON.stringify(await world.session.exportState()).includes(password));

    assert.deepEqual(Object.keys((await world.session.up()).counts), ["same"]);
    await destroyAll();
  });

  it("takes the options of a resource: parent, protect, dependsOn, aliases, providers, transforms", async () => {
    const declare = (name: string, options: pulumi.ComponentResourceOptions) => (azure: LocalAzure) => {
      const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
      const first = new random.RandomUuid("first");
      const entra = new azuread.Provider("entra", { tenantId: azure.tenantId });
      const native = new azureNative.Provider("native", { subscriptionId: azure.subscriptionId });
      const rename: pulumi.ResourceTransform = ({ type, props, opts }) =>
        type === "azuread:index/application:Application"
          ? { props: { ...(props as object), displayName: "by a transform" }, opts }
          : undefined;
      new RemotePrincipal(name, workspace(), {
        ...{ parent, dependsOn: first, providers: [entra, native], transforms: [rename] },
        ...options,
      });
      return {};
    };
    program = declare("himl", { protect: true });
    await world.session.up();
    const { resources } = (await world.session.exportState()) as {
      resources: Record<string, unknown>[];
    };
    const find = (suffix: string) =>
      resources.find(({ urn }) => (urn as string).endsWith(`::${suffix}`)) ?? assert.fail(suffix);
    const role = resources.find(({ type }) => type === "azure-native:authorization:RoleAssignment")!;
    const component = find("himl");
    assert.equal(component["parent"], find("parent")["urn"]);
    assert.deepEqual(component["dependencies"], [find("first")["urn"]]);
    assert.match(find("himl-application")["provider"] as string, /::entra::/);
    assert.match(role["provider"] as string, /::native::/);
    assert.equal(created().applications[0]!.displayName, "by a transform");
    assert.equal(find("himl-application")["protect"], true);
    assert.notEqual(find("himl-secret-a")["protect"], true);

    program = declare("renamed", { aliases: [{ name: "himl" }] });
    const renamed = await world.session.up();
    const changed = renamed.steps.filter(
      ({ operation, type }) => operation !== "same" && /^azure/.test(type),
    );
    assert.deepEqual(
      changed.map(({ operation, name }) => `${operation} ${name}`),
      [],
    );
    await destroyAll();
  });

  it("tells all problems at once, before anything is created", async () => {
    program = (azure) => {
      new RemotePrincipal("himl", {
        resourceGroupName: azure.resourceGroup,
        workspaceName: "no",
        renewSecretsEveryDays: 0,
        roles: [{ role: "Contributer" }],
        authentication: "federated",
      });
      return {};
    };
    await assert.rejects(world.session.up(), (error: Error) => {
      for (const what of ["workspaceName", "renewSecretsEveryDays", "roles[0].role", "federatedCredentials"])
        assert.ok(error.message.includes(`${what} must `), error.message);
      assert.match(error.message, /HimlServicePrincipal "himl": 4 problems\. Nothing was changed\./);
      // What the SDK says of the call, if it still hears of it, comes after ours, with its own stack.
      assert.doesNotMatch(error.message.split("failed to register new resource")[0]!, /\.js:\d+/);
      return true;
    });
    assert.deepEqual(created().applications, []);
    await destroyAll();
  });

  it("tells of an output and of a text where plain lists belong", async () => {
    program = () => {
      const { result } = new random.RandomUuid("unknown");
      new RemotePrincipal("himl", {
        ...workspace(),
        roles: [{ role: result }],
        federatedCredentials: "mine",
      });
      return {};
    };
    await assert.rejects(world.session.preview(), (error: Error) => {
      assert.match(error.message, /roles must be a plain value, not an output/);
      assert.match(error.message, /federatedCredentials must be a list/);
      return true;
    });
  });

  it("warns in preview before the password goes, and of that principal only", async () => {
    program = () => outputsOf(new RemotePrincipal("himl", workspace()));
    await world.session.up();
    program = () => {
      new RemotePrincipal("other", { ...workspace(), ...FEDERATED });
      return outputsOf(new RemotePrincipal("himl", { ...workspace(), ...FEDERATED }));
    };
    const { warnings } = await world.session.preview();
    assert.equal(warnings.length, 1, warnings.join("\n"));
    assert.match(warnings[0]!, /^authentication is federated now: every secret /);
    await destroyAll();
  });

  it("makes two principals in one program, one of them without a password", async () => {
    program = () => {
      const secret = new RemotePrincipal("secret", workspace());
      const federated = new RemotePrincipal("federated", { ...workspace(), ...FEDERATED });
      return { secret: outputsOf(secret), federated: outputsOf(federated) };
    };
    const { outputs } = await world.session.up();
    const federated = outputs["federated"] as Record<string, unknown>;
    const secret = outputs["secret"] as Record<string, unknown>;
    assert.notEqual(federated["HIML_SERVICE_PRINCIPAL_ID"], secret["HIML_SERVICE_PRINCIPAL_ID"]);
    assert.ok(!federated["HIML_SERVICE_PRINCIPAL_PASSWORD"]);
    const details = federated["details"] as { secrets: unknown[]; trusts: unknown[] };
    assert.deepEqual(details.secrets, []);
    assert.deepEqual(details.trusts, [{ issuer: ISSUER, subject: "job" }]);
    assert.equal(created().applications.length, 2);

    assert.deepEqual(Object.keys((await world.session.up()).counts), ["same"]);
    await destroyAll();
  });
});
