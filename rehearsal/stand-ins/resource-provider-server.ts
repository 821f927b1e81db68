import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { diffResource } from "./property-diff";
import { containsUnknown, type Properties, readStruct, UNKNOWN, writeStruct } from "./property-values";
import { ProviderError } from "./provider-error";
import type { Provider, ReadSetting, ResourceType } from "./resource-type";

/** A provider which an engine can attach to: `PULUMI_DEBUG_PROVIDERS=<name>:<port>`. */
export interface ServedProvider {
  readonly name: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves a provider on loopback. `environment` is what the real plugin would find in its own. */
export async function serveProvider<C>(
  provider: Provider<C>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ServedProvider> {
  const service = new ProviderService(provider, environment);
  // The limit of gRPC (4 MB) is below what a stack may hold; the engine sets 400 MB on its side.
  const server = new grpc.Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  server.addService(ResourceProviderService, service.handlers());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    name: provider.name,
    port,
    close: async () => {
      server.forceShutdown();
      await service.disconnect();
    },
  };
}

type AnyCall = grpc.ServerUnaryCall<unknown, unknown>;

class ProviderService<C> {
  // An attached provider is one process for all its instances in a program, explicit ones with other settings among
  // them. Each instance has a connection of its own, so the peer tells them apart.
  private readonly connections = new Map<string, C>();
  private readonly types: Map<string, ResourceType<C>>;
  private cancellation = new AbortController();

  constructor(
    private readonly provider: Provider<C>,
    private readonly environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.types = new Map(provider.resources.map((type) => [type.token, type]));
  }

  handlers(): grpc.UntypedServiceImplementation {
    return {
      attach: unary(() => new Empty()),
      getPluginInfo: unary(() => new PluginInfo().setVersion(this.provider.version)),
      checkConfig: unary((r: proto.CheckRequest) => new proto.CheckResponse().setInputs(r.getNews())),
      diffConfig: unary(() => new proto.DiffResponse().setChanges(proto.DiffResponse.DiffChanges.DIFF_NONE)),
      configure: unary((r: proto.ConfigureRequest, call) => this.configure(r, call)),
      invoke: unary((r: proto.InvokeRequest, call) => this.invoke(r, call)),
      check: unary((r: proto.CheckRequest) => this.check(r)),
      diff: unary((r: proto.DiffRequest) => this.diff(r)),
      create: unary((r: proto.CreateRequest, call) => this.create(r, call)),
      read: unary((r: proto.ReadRequest, call) => this.read(r, call)),
      update: unary((r: proto.UpdateRequest, call) => this.update(r, call)),
      delete: unary((r: proto.DeleteRequest, call) => this.delete(r, call)),
      cancel: unary(() => {
        this.cancellation.abort();
        return new Empty();
      }),
    };
  }

  async disconnect(): Promise<void> {
    this.cancellation.abort();
    for (const connection of this.connections.values()) await this.provider.disconnect?.(connection);
    this.connections.clear();
  }

  private async configure(request: proto.ConfigureRequest, call: AnyCall): Promise<proto.ConfigureResponse> {
    const { properties } = readStruct(request.getArgs());
    const readSetting: ReadSetting = (name, ...variables) => {
      const configured = properties[name];
      if (typeof configured === "string" && configured !== "") return configured;
      return variables.map((variable) => this.environment[variable]).find((value) => value);
    };
    if (this.cancellation.signal.aborted) this.cancellation = new AbortController();
    this.connections.set(call.getPeer(), await this.provider.connect(readSetting, this.cancellation.signal));
    return new proto.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
  }

  private async invoke(request: proto.InvokeRequest, call: AnyCall): Promise<proto.InvokeResponse> {
    const run = this.provider.functions[request.getTok()];
    if (run === undefined) throw notSupported(this.provider.name, `the function ${request.getTok()}`);
    const result = await run(this.connection(call), readStruct(request.getArgs()).properties);
    return new proto.InvokeResponse().setReturn(writeStruct(result));
  }

  private check(request: proto.CheckRequest): proto.CheckResponse {
    const type = this.type(request.getUrn());
    const { properties: news, secretNames } = readStruct(request.getNews());
    const failures: string[] = [];
    for (const [name, rule] of Object.entries(type.inputs)) {
      if (rule.required && news[name] === undefined) failures.push(`missing required property '${name}'`);
    }
    for (const name of Object.keys(news)) {
      // `__defaults` and the like belong to the engine and the bridge.
      if (name.startsWith("__") || type.inputs[name] !== undefined) continue;
      failures.push(notSupported(this.provider.name, `the property '${name}' of ${type.token}`).message);
    }
    const checked = type.check?.(news, readStruct(request.getOlds()).properties) ?? {
      inputs: news,
      failures: [],
    };
    return new proto.CheckResponse()
      .setInputs(writeStruct(checked.inputs, secretNames))
      .setFailuresList(
        [...failures, ...checked.failures].map((reason) => new proto.CheckFailure().setReason(reason)),
      );
  }

  private diff(request: proto.DiffRequest): proto.DiffResponse {
    const type = this.type(request.getUrn());
    const oldInputs = readStruct(request.getOldInputs()).properties;
    const news = readStruct(request.getNews()).properties;
    const diff = diffResource(type, readStruct(request.getOlds()).properties, oldInputs, news);
    const replaces = diff.replacingInputs.length > 0;
    const response = new proto.DiffResponse()
      .setChanges(proto.DiffResponse.DiffChanges[diff.changes.size > 0 ? "DIFF_SOME" : "DIFF_NONE"])
      .setReplacesList([...diff.replacingInputs])
      .setDiffsList([...diff.changedInputs])
      .setDeletebeforereplace(replaces && (type.deletesBeforeReplacing?.(oldInputs) ?? false))
      .setHasdetaileddiff(true);
    for (const [path, kind] of diff.changes) {
      response
        .getDetaileddiffMap()
        .set(
          path,
          new proto.PropertyDiff()
            .setKind(proto.PropertyDiff.Kind[kind])
            .setInputdiff(type.comparedWith === "inputs"),
        );
    }
    return response;
  }

  private async create(request: proto.CreateRequest, call: AnyCall): Promise<proto.CreateResponse> {
    const type = this.type(request.getUrn());
    const { properties: inputs, secretNames } = readStruct(request.getProperties());
    if (request.getPreview()) {
      const outputs = { ...unknownOutputs(type, inputs), ...inputs };
      return new proto.CreateResponse().setProperties(this.outputs(type, outputs, secretNames));
    }
    refuseUnknown(type, inputs);
    const created = await type.create(this.connection(call), inputs);
    return new proto.CreateResponse()
      .setId(created.id)
      .setProperties(this.outputs(type, { ...inputs, ...created.outputs }, secretNames));
  }

  private async read(request: proto.ReadRequest, call: AnyCall): Promise<proto.ReadResponse> {
    const type = this.type(request.getUrn());
    const { properties: state, secretNames } = readStruct(request.getProperties());
    const { properties: oldInputs, secretNames: secretInputs } = readStruct(request.getInputs());
    const found = await type.read(this.connection(call), request.getId(), state);
    if (found === undefined) return new proto.ReadResponse();
    const inputs =
      type.inputsAfterRead?.(oldInputs, state, found.outputs) ??
      inputsAfterRead(type, oldInputs, state, found.outputs);
    return new proto.ReadResponse()
      .setId(found.id)
      .setProperties(this.outputs(type, { ...state, ...found.outputs }, secretNames))
      .setInputs(writeStruct(inputs, secretInputs));
  }

  private async update(request: proto.UpdateRequest, call: AnyCall): Promise<proto.UpdateResponse> {
    const type = this.type(request.getUrn());
    const { properties: inputs, secretNames } = readStruct(request.getNews());
    const { properties: state } = readStruct(request.getOlds());
    if (type.update === undefined) throw notSupported(this.provider.name, `an update of ${type.token}`);
    // What is not an input stays as it was, in a preview too: an update makes nothing unknown.
    const kept = Object.fromEntries(
      Object.entries(state).filter(([name]) => type.inputs[name] === undefined || type.inputs[name].computed),
    );
    if (request.getPreview()) {
      return new proto.UpdateResponse().setProperties(
        this.outputs(type, { ...kept, ...inputs }, secretNames),
      );
    }
    refuseUnknown(type, inputs);
    const outputs = await type.update(this.connection(call), request.getId(), inputs, state);
    return new proto.UpdateResponse().setProperties(
      this.outputs(type, { ...kept, ...inputs, ...outputs }, secretNames),
    );
  }

  private async delete(request: proto.DeleteRequest, call: AnyCall): Promise<Empty> {
    const state = readStruct(request.getProperties()).properties;
    await this.type(request.getUrn()).delete(this.connection(call), request.getId(), state);
    return new Empty();
  }

  private outputs(type: ResourceType<C>, outputs: Properties, secretNames: ReadonlySet<string>): Struct {
    return writeStruct(outputs, new Set([...secretNames, ...(type.secretOutputs ?? [])]));
  }

  private connection(call: AnyCall): C {
    const peer = call.getPeer();
    if (!this.connections.has(peer)) {
      throw new ProviderError(
        "NOT_CONFIGURED",
        `The provider ${this.provider.name} must be configured before it is used.`,
      );
    }
    return this.connections.get(peer) as C;
  }

  private type(urn: string): ResourceType<C> {
    // urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>
    const token = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const type = this.types.get(token);
    if (type === undefined) throw notSupported(this.provider.name, `the resource type ${token}`);
    return type;
  }
}

function unknownOutputs<C>(type: ResourceType<C>, inputs: Properties): Properties {
  const chosenByService = Object.entries(type.inputs).filter(
    ([name, rule]) => rule.computed && inputs[name] === undefined,
  );
  const names = [...type.computedOutputs, ...chosenByService.map(([name]) => name)];
  return Object.fromEntries(names.map((name) => [name, UNKNOWN]));
}

// Inputs are what the program says; the service knows only outputs. So inputs follow those outputs that have changed
// since they were last read, and everything else stays as the program said it.
function inputsAfterRead<C>(
  type: ResourceType<C>,
  oldInputs: Properties,
  before: Properties,
  now: Properties,
): Properties {
  const inputs = { ...oldInputs };
  for (const name of Object.keys(type.inputs)) {
    if (JSON.stringify(before[name] ?? null) !== JSON.stringify(now[name] ?? before[name] ?? null))
      inputs[name] = now[name];
  }
  return inputs;
}

function refuseUnknown<C>(type: ResourceType<C>, inputs: Properties): void {
  if (!containsUnknown(inputs)) return;
  throw new ProviderError("NOT_SUPPORTED", `${type.token} must be created from known values only.`);
}

function notSupported(provider: string, what: string): ProviderError {
  return new ProviderError(
    "NOT_SUPPORTED",
    `The stand-in of the provider ${provider} does not know ${what}.`,
  );
}

function unary<Q, A>(handle: (request: Q, call: AnyCall) => A | Promise<A>) {
  return (call: grpc.ServerUnaryCall<Q, A>, callback: grpc.sendUnaryData<A>): void => {
    Promise.resolve()
      .then(() => handle(call.request, call as AnyCall))
      .then(
        (answer) => callback(null, answer),
        (error: unknown) =>
          callback({
            code: grpc.status.UNKNOWN,
            details: error instanceof Error ? error.message : String(error),
          }),
      );
  };
}
