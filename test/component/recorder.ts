import * as pulumi from "@pulumi/pulumi";
import type { HimlServicePrincipal } from "../../components/himl-service-principal";
import { atTime } from "../../components/clock";
import * as debuggable from "@pulumi/pulumi/runtime/debuggable";

/** What a program registered, as the engine would be told. */
interface Registration {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** The options of a resource that decide what becomes of it later. */
export interface RecordedOptions {
  /** As it is in effect: children inherit it unless they say otherwise. */
  readonly protect: boolean;
  ignoreChanges: string[] | undefined;
  deletedWith: string | undefined;
  deleteBeforeReplace: boolean | undefined;
  parent: string | undefined;
}

interface Recording {
  registrations: Registration[];
  options: Map<string, RecordedOptions>;
  calls: string[];
  /** The provider of each resource and each call, where it has one of the program's own. */
  providers: [name: string, provider: string][];
  /** Errors that nobody caught, as Pulumi would report them. */
  errors: Error[];
}

export const NOW = new Date("2026-11-23T12:00:00Z");
export const TENANT = "11111111-1111-4111-8111-111111111111";
export const SUBSCRIPTION = "22222222-2222-4222-8222-222222222222";
export const INSTANCE = "0c8a1c3e-2f44-4b0e-9f0e-6f4d1f0f6a11";
export const CALLER = "33333333-3333-4333-8333-333333333333";

export type Call = (inputs: Record<string, unknown>) => Record<string, unknown>;

const CALLS: Record<string, Call> = {
  "azuread:index/getClientConfig:getClientConfig": () => ({
    tenantId: TENANT,
    objectId: CALLER,
    clientId: "cli",
  }),
  "azure-native:authorization:getClientConfig": () => ({
    tenantId: TENANT,
    subscriptionId: SUBSCRIPTION,
    objectId: CALLER,
    clientId: "cli",
  }),
  "azure-native:machinelearningservices:getWorkspace": (inputs) => ({ name: inputs["workspaceName"] }),
  "pulumi:pulumi:readStackResourceOutputs": () => ({ outputs: {} }),
};

/** The login's token, made just now. */
export function tokenCall(now: Date): Record<string, Call> {
  const nbf = Math.floor(now.getTime() / 1000);
  const claims = Buffer.from(JSON.stringify({ nbf, exp: nbf + 3600 })).toString("base64url");
  return { "azure-native:authorization:getClientToken": () => ({ token: `header.${claims}.signature` }) };
}

/** What Azure would add to each resource: IDs made from the resource's own name, so that tests can follow them. */
const STATES: Record<string, (name: string) => Record<string, unknown>> = {
  "azuread:index/application:Application": (name) => ({
    clientId: `${name}.clientId`,
    objectId: `${name}.objectId`,
  }),
  "azuread:index/servicePrincipal:ServicePrincipal": (name) => ({ objectId: `${name}.objectId` }),
  "azuread:index/applicationPassword:ApplicationPassword": (name) => ({
    keyId: `${name}.keyId`,
    value: `${name}.value`,
  }),
  "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential": () => ({}),
  "random:index/randomUuid:RandomUuid": () => ({ result: INSTANCE }),
  "azure-native:authorization:RoleAssignment": () => ({}),
  "azure-native:keyvault:Secret": () => ({}),
  "azuread:index/applicationFlexibleFederatedIdentityCredential:ApplicationFlexibleFederatedIdentityCredential":
    () => ({}),
  "himl-service-principal:index:HimlServicePrincipal": () => ({}),
  "pulumi:providers:azure-native": () => ({}),
  "pulumi:providers:azuread": () => ({}),
  "test:index:Other": () => ({}),
};

/**
 * Runs `program` under Pulumi mocks and records what it registers. An unexpected resource or call is an error.
 * Waits for `urns`, the resources whose registration the test looks at.
 */
export async function record<T>(
  program: () => { result: T; urns: pulumi.Output<string>[] },
  options: {
    calls?: Record<string, Call>;
    preview?: boolean;
    /** @default NOW */
    now?: Date;
    config?: Record<string, string>;
    /** What the state keeps of a record whose keepers are ignored, by its name. */
    keepers?: Record<string, Record<string, string>>;
  } = {},
): Promise<Recording & { result: T | undefined }> {
  const recording: Recording = {
    registrations: [],
    options: new Map(),
    calls: [],
    providers: [],
    errors: [],
  };
  const calls = { ...CALLS, ...tokenCall(options.now ?? NOW), ...options.calls };
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, provider }) => {
        const state = STATES[type];
        if (!state) throw new Error(`No mock for resource ${type}`);
        recording.registrations.push({ type, name, inputs: inputs as Record<string, unknown> });
        // Pulumi gives a component none.
        if (name.includes("-")) recording.providers.push([name, provider ?? ""]);
        const keepers = options.keepers?.[name];
        const kept = keepers && { keepers };
        return { id: `${name}.id`, state: { ...(inputs as object), ...state(name), ...kept } };
      },
      call: ({ token, inputs, provider }) => {
        const call = calls[token];
        if (!call) throw new Error(`No mock for call ${token}`);
        recording.calls.push(token);
        if (!token.startsWith("pulumi:")) recording.providers.push([token, provider ?? ""]);
        try {
          return call(inputs as Record<string, unknown>);
        } catch (error) {
          // As gRPC hands an error over: Pulumi reads its `details`.
          throw Object.assign(new Error(), { details: (error as Error).message });
        }
      },
    },
    "himl-service-principal",
    "dev",
    options.preview ?? false,
    "organization",
  );
  pulumi.runtime.setAllConfig(options.config ?? {});

  const { failed, release } = catchUncaught(recording.errors);
  try {
    const { result, urns } = atTime(options.now ?? NOW, program);
    // A resource whose inputs fail never gets a URN: then the error is all there is to wait for.
    await Promise.race([Promise.allSettled(urns.map(settled)), failed]);
    return { ...recording, result };
  } catch (error) {
    recording.errors.push(error as Error);
    return { ...recording, result: undefined };
  } finally {
    // A rejection that nobody handled is reported after the microtasks of this turn.
    await new Promise((resolve) => setTimeout(resolve, 20));
    release();
    // A program that failed leaves promises behind, as it should; Pulumi would fail the test run for them at its end.
    (debuggable as unknown as { leakedPromises(): void }).leakedPromises();
  }
}

/** Records the options of every resource below the one that gets this transformation. */
export function recordOptions(into: Map<string, RecordedOptions>): pulumi.ResourceTransformation {
  return ({ resource, name, opts }) => {
    const { ignoreChanges, parent, deletedWith, deleteBeforeReplace } = opts as pulumi.CustomResourceOptions;
    into.set(name, {
      get protect() {
        return (resource as unknown as { __protect: boolean }).__protect;
      },
      ignoreChanges,
      deletedWith: nameOf(deletedWith),
      deleteBeforeReplace,
      parent: nameOf(parent),
    });
    return undefined;
  };
}

// Internal in the types of Pulumi.
function nameOf(resource: unknown): string | undefined {
  return (resource as { __name?: string } | undefined)?.__name;
}

/** Settles when all that a component declares is registered, and all that it tells is known. */
export function allOf({ nodes, details }: HimlServicePrincipal): pulumi.Output<string> {
  const { application, servicePrincipal, secrets, trusts, roleAssignments, keyVaultSecrets } = nodes;
  const lists = pulumi
    .all([secrets, roleAssignments, trusts, keyVaultSecrets])
    .apply((all) => (all as readonly (readonly pulumi.Resource[])[]).flat().map(({ urn }) => urn));
  const single = [application.urn, servicePrincipal.urn];
  return pulumi.all([lists, pulumi.all(single), details]).apply(() => "all");
}

/** The value of an output, or the error that it failed with. */
export function settled<T>(output: pulumi.Output<T>): Promise<T> {
  // `promise` is internal in the types; nothing else tells when an output has failed.
  return (output as unknown as { promise(): Promise<T> }).promise();
}

// Mocha takes a rejection that nobody handles for a failed test; Pulumi takes it for the program's error, once.
function catchUncaught(into: Error[]): { failed: Promise<void>; release: () => void } {
  const events = ["unhandledRejection", "uncaughtException"] as const;
  const before = events.map((event) => process.listeners(event as "uncaughtException"));
  let fail: () => void;
  const failed = new Promise<void>((resolve) => (fail = resolve));
  const collect = (error: Error) => {
    if (!into.includes(error)) into.push(error);
    fail();
  };
  for (const event of events) {
    process.removeAllListeners(event);
    process.on(event, collect);
  }
  const release = () => {
    events.forEach((event, i) => {
      process.removeAllListeners(event);
      for (const listener of before[i]!) process.on(event, listener);
    });
  };
  return { failed, release };
}
