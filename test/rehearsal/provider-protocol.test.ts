import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { specialSecretSig, specialSigKey, unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { type LocalAzure, startLocalAzure } from "../../local-azure/local-azure";
import { azuread } from "../../rehearsal/stand-ins/azuread/provider";
import { azureNative } from "../../rehearsal/stand-ins/azure-native/provider";
import { random } from "../../rehearsal/stand-ins/random/provider";
import type { Provider } from "../../rehearsal/stand-ins/resource-type";
import { type ServedProvider, serveProvider } from "../../rehearsal/stand-ins/resource-provider-server";

type Properties = Record<string, unknown>;

const struct = (properties: Properties): Struct =>
  Struct.fromJavaScript(properties as Parameters<typeof Struct.fromJavaScript>[0]);
const plain = (value: Struct | undefined): Properties => value?.toJavaScript() ?? {};
const secret = (value: unknown): Properties => ({ [specialSigKey]: specialSecretSig, value });
const urn = (type: string): string => `urn:pulumi:stack::project::my:component$${type}::name`;

const APPLICATION = "azuread:index/application:Application";
const PASSWORD = "azuread:index/applicationPassword:ApplicationPassword";
const ASSIGNMENT = "azure-native:authorization:RoleAssignment";

function answered<A>(
  call: (done: (error: grpc.ServiceError | null, answer: A) => void) => unknown,
): Promise<A> {
  return new Promise((resolve, reject) => call((error, answer) => (error ? reject(error) : resolve(answer))));
}

/** A client of one provider, as an engine is one. */
class Engine {
  private readonly client: ResourceProviderClient;

  constructor(private readonly served: ServedProvider) {
    this.client = new ResourceProviderClient(`127.0.0.1:${served.port}`, grpc.credentials.createInsecure(), {
      // Else all clients of this process share one connection.
      "grpc.use_local_subchannel_pool": 1,
    });
  }

  /** Another instance of the provider: the same process, a connection of its own. */
  another(): Engine {
    return new Engine(this.served);
  }

  configure(settings: Properties = {}): Promise<proto.ConfigureResponse> {
    const request = new proto.ConfigureRequest().setArgs(struct(settings));
    return answered((done) => this.client.configure(request, done));
  }

  async check(
    type: string,
    news: Properties,
    olds: Properties = {},
  ): Promise<{ inputs: Properties; failures: string[] }> {
    const request = new proto.CheckRequest().setUrn(urn(type)).setNews(struct(news)).setOlds(struct(olds));
    const answer = await answered<proto.CheckResponse>((done) => this.client.check(request, done));
    return {
      inputs: plain(answer.getInputs()),
      failures: answer.getFailuresList().map((one) => one.getReason()),
    };
  }

  async diff(type: string, olds: Properties, oldInputs: Properties, news: Properties) {
    const request = new proto.DiffRequest().setUrn(urn(type)).setOlds(struct(olds));
    request.setOldInputs(struct(oldInputs)).setNews(struct(news));
    const answer = await answered<proto.DiffResponse>((done) => this.client.diff(request, done));
    const kinds = Object.fromEntries(
      Object.entries(proto.PropertyDiff.Kind).map(([name, kind]) => [kind, name]),
    );
    const properties: Record<string, string | undefined> = {};
    answer.getDetaileddiffMap().forEach((one, path) => (properties[path] = kinds[one.getKind()]));
    return {
      changed: answer.getChanges() === proto.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: answer.getReplacesList(),
      deleteFirst: answer.getDeletebeforereplace(),
      properties,
    };
  }

  async create(
    type: string,
    inputs: Properties,
    preview = false,
  ): Promise<{ id: string; outputs: Properties }> {
    const request = new proto.CreateRequest()
      .setUrn(urn(type))
      .setProperties(struct(inputs))
      .setPreview(preview);
    const answer = await answered<proto.CreateResponse>((done) => this.client.create(request, done));
    return { id: answer.getId(), outputs: plain(answer.getProperties()) };
  }

  async invoke(token: string, args: Properties): Promise<Properties> {
    const request = new proto.InvokeRequest().setTok(token).setArgs(struct(args));
    return plain(
      (await answered<proto.InvokeResponse>((done) => this.client.invoke(request, done))).getReturn(),
    );
  }

  cancel(): Promise<Empty> {
    return answered((done) => this.client.cancel(new Empty(), done));
  }

  close(): void {
    this.client.close();
  }
}

describe("the stand-ins, as an engine sees them", () => {
  let azure: LocalAzure;
  const served: ServedProvider[] = [];
  const engines: Engine[] = [];

  async function attach<C>(provider: Provider<C>, environment = azure.direct): Promise<Engine> {
    const one = await serveProvider(provider, environment);
    served.push(one);
    const engine = new Engine(one);
    engines.push(engine);
    return engine;
  }

  before(async () => {
    azure = await startLocalAzure({ seed: "protocol" });
  });

  afterEach(async () => {
    for (const engine of engines.splice(0)) engine.close();
    for (const one of served.splice(0)) await one.close();
    azure.control.reset();
  });

  after(() => azure?.close());

  it("previews a creation: what only Azure knows is unknown, what the program says is not", async () => {
    const engine = await attach(azuread);
    await engine.configure();
    const { id, outputs } = await engine.create(
      PASSWORD,
      { applicationId: unknownValue, displayName: "one" },
      true,
    );
    assert.equal(id, "");
    assert.deepEqual(outputs, {
      applicationId: unknownValue,
      displayName: "one",
      endDate: unknownValue,
      startDate: unknownValue,
      keyId: unknownValue,
      value: secret(unknownValue),
    });
  });

  it("marks the value of a password as a secret, and what was a secret in the program", async () => {
    const engine = await attach(azuread);
    const capabilities = await engine.configure();
    assert.ok(capabilities.getAcceptsecrets() && capabilities.getSupportspreview());
    const application = await engine.create(APPLICATION, { displayName: secret("hidden") });
    assert.deepEqual(application.outputs["displayName"], secret("hidden"));
    const password = await engine.create(PASSWORD, { applicationId: application.id });
    const value = password.outputs["value"] as Properties;
    assert.equal(value[specialSigKey], specialSecretSig);
    assert.match(String(value["value"]), /^.{40}$/);
  });

  it("refuses to create from values that are not known", async () => {
    const engine = await attach(azuread);
    await engine.configure();
    await assert.rejects(engine.create(APPLICATION, { displayName: unknownValue }), {
      details: `${APPLICATION} must be created from known values only.`,
    });
  });

  it("says what it does not know, instead of leaving it out", async () => {
    const engine = await attach(azuread);
    const { failures } = await engine.check(APPLICATION, {
      displayName: "one",
      web: { homepageUrl: "https://x" },
    });
    assert.deepEqual(failures, [
      `The stand-in of the provider azuread does not know the property 'web' of ${APPLICATION}.`,
    ]);
    assert.deepEqual((await engine.check(APPLICATION, {})).failures, [
      "missing required property 'displayName'",
    ]);
    await assert.rejects(engine.check("azuread:index/group:Group", {}), {
      details:
        "The stand-in of the provider azuread does not know the resource type azuread:index/group:Group.",
    });
    await engine.configure();
    await assert.rejects(engine.invoke("azuread:index/getUser:getUser", {}), {
      details:
        "The stand-in of the provider azuread does not know the function azuread:index/getUser:getUser.",
    });
  });

  it("chooses a name for a role assignment that has none, and keeps it", async () => {
    const engine = await attach(azureNative);
    const first = await engine.check(ASSIGNMENT, { principalId: "p", roleDefinitionId: "r", scope: "s" });
    assert.deepEqual(first.failures, []);
    assert.match(String(first.inputs["roleAssignmentName"]), /^[0-9a-f-]{36}$/);
    assert.equal(first.inputs["__createBeforeDelete"], true);
    const second = await engine.check(
      ASSIGNMENT,
      { principalId: "q", roleDefinitionId: "r", scope: "s" },
      first.inputs,
    );
    assert.deepEqual(second.inputs, { ...first.inputs, principalId: "q" });
  });

  describe("plans", () => {
    const inputs = { principalId: "p", roleDefinitionId: "r", scope: "s", roleAssignmentName: "n" };
    for (const [what, changes, expected] of [
      [
        "nothing where nothing changes",
        {},
        { changed: false, replaces: [], deleteFirst: false, properties: {} },
      ],
      [
        "an update for another role",
        { roleDefinitionId: "other" },
        { changed: true, replaces: [], deleteFirst: false, properties: { roleDefinitionId: "UPDATE" } },
      ],
      [
        "a replacement for another principal",
        { principalId: "other" },
        {
          changed: true,
          replaces: ["principalId"],
          deleteFirst: true,
          properties: { principalId: "UPDATE_REPLACE" },
        },
      ],
      [
        "a replacement for a principal that is not known yet",
        { principalId: unknownValue },
        {
          changed: true,
          replaces: ["principalId"],
          deleteFirst: true,
          properties: { principalId: "UPDATE_REPLACE" },
        },
      ],
    ] as const) {
      it(`${what} of a role assignment`, async () => {
        const engine = await attach(azureNative);
        // What Azure added to the state is no change.
        const state = { ...inputs, description: "by Azure" };
        assert.deepEqual(await engine.diff(ASSIGNMENT, state, inputs, { ...inputs, ...changes }), expected);
      });
    }

    it("nothing for another order of a set, and nothing for what Azure chose", async () => {
      const engine = await attach(azuread);
      const state = {
        displayName: "one",
        owners: ["a", "b"],
        tags: ["t"],
        signInAudience: "AzureADMyOrg",
        notes: "",
      };
      const news = { displayName: "one", owners: ["b", "a"] };
      assert.equal((await engine.diff(APPLICATION, state, news, news)).changed, false);
    });

    it("a replacement of a password for each thing that its renewal depends on", async () => {
      const engine = await attach(azuread);
      const before = {
        applicationId: "a",
        endDate: "x",
        rotateWhenChanged: { period: "1", generation: "1" },
      };
      const news = { applicationId: "a", endDate: "y", rotateWhenChanged: { period: "2", generation: "1" } };
      assert.deepEqual(await engine.diff(PASSWORD, before, before, news), {
        changed: true,
        replaces: ["endDate", "rotateWhenChanged"],
        deleteFirst: false,
        properties: { endDate: "UPDATE_REPLACE", "rotateWhenChanged.period": "UPDATE_REPLACE" },
      });
    });

    it("a replacement of a random UUID where a keeper comes or goes", async () => {
      const engine = await attach(random);
      const type = "random:index/randomUuid:RandomUuid";
      const diff = await engine.diff(
        type,
        { keepers: { a: "1", b: "1" }, result: "x" },
        {},
        { keepers: { a: "1", c: "1" } },
      );
      assert.deepEqual(diff.properties, { "keepers.b": "DELETE_REPLACE", "keepers.c": "ADD_REPLACE" });
    });
  });

  it("keeps the settings of two instances apart", async () => {
    const second = azure.control.createCaller({ displayName: "second" });
    const engine = await attach(azuread);
    const other = engine.another();
    engines.push(other);
    await engine.configure();
    await other.configure({ clientId: secret(second.clientId), clientSecret: secret(second.clientSecret) });
    const who = (one: Engine) => one.invoke("azuread:index/getClientConfig:getClientConfig", {});
    assert.equal((await who(engine))["objectId"], azure.admin.objectId);
    assert.equal((await who(other))["objectId"], second.servicePrincipalObjectId);
  });

  it("reaches Azure through a proxy too, as against the public cloud", async () => {
    const login = Object.entries(azure.direct).filter(([name]) =>
      /^ARM_(CLIENT|TENANT|SUBSCRIPTION)_/.test(name),
    );
    const engine = await attach(azureNative, { ...azure.public, ...Object.fromEntries(login) });
    await engine.configure();
    const workspace = await engine.invoke("azure-native:machinelearningservices:getWorkspace", {
      resourceGroupName: azure.resourceGroup,
      workspaceName: azure.workspaceName,
    });
    assert.equal(workspace["name"], azure.workspaceName);
    assert.equal(workspace["tenantId"], azure.tenantId);
  });

  it("prints a refusal of Resource Manager as azure-native does", async () => {
    const engine = await attach(azureNative);
    await engine.configure();
    const args = { resourceGroupName: azure.resourceGroup, workspaceName: "nowhere" };
    const group = `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;
    await assert.rejects(engine.invoke("azure-native:machinelearningservices:getWorkspace", args), {
      details:
        `request failed ${group}/providers/Microsoft.MachineLearningServices/workspaces/nowhere: ` +
        `Status=404 Code="ResourceNotFound" Message="The Resource 'Microsoft.MachineLearningServices/workspaces/nowhere' ` +
        `under resource group '${azure.resourceGroup}' was not found. For more details please go to ` +
        `https://aka.ms/ARMResourceNotFoundFix"`,
    });
  });

  it("says which setting is missing", async () => {
    const engine = await attach(azuread, { ARM_TENANT_ID: azure.tenantId });
    await assert.rejects(engine.configure(), {
      details: "The provider must be configured with clientId, or ARM_CLIENT_ID be set.",
    });
  });

  it("gives up a call that is under way when it is cancelled", async () => {
    azure.control.addFault({ match: { path: "^/v1.0/applications$" }, answer: "hang" });
    const engine = await attach(azuread);
    await engine.configure();
    const creation = engine.create(APPLICATION, { displayName: "one" });
    setTimeout(() => void engine.cancel(), 100);
    await assert.rejects(creation, { details: /POST https:\/\/localhost:\d+: the connection failed/ });
  });
});
