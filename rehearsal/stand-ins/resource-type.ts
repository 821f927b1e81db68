import type { Properties } from "./property-values";

/** How a provider treats one input of a resource. */
export interface InputRule {
  /** Without it, the check fails. */
  readonly required?: true;
  /** A change replaces the resource. */
  readonly replaces?: true;
  /** The service chooses a value where the program gives none, so leaving it out is no change. */
  readonly computed?: true;
  /** A set: the order of its members means nothing. */
  readonly unordered?: true;
}

/** A resource as the service has it. */
interface ResourceState {
  readonly id: string;
  readonly outputs: Properties;
}

/** What a provider does with one type of resource. `C` is the provider's connection to the service. */
export interface ResourceType<C> {
  readonly token: string;
  readonly inputs: Readonly<Record<string, InputRule>>;
  /** Outputs that only the service knows. A preview of a creation shows them as not known yet. */
  readonly computedOutputs: readonly string[];
  /** Outputs which are secrets whatever the program says. */
  readonly secretOutputs?: readonly string[];
  /**
   * What new inputs are compared with: the state as last read (providers bridged from Terraform), so that a value set
   * by somebody else is taken back, or the former inputs (azure-native), so that only what the program says counts.
   */
  readonly comparedWith: "state" | "inputs";
  /** Whether a replacement deletes first, where the program does not decide it. */
  deletesBeforeReplacing?(oldInputs: Properties): boolean;
  /** Adds what the provider chooses by itself, and reports what is wrong with known values. */
  check?(news: Properties, olds: Properties): { inputs: Properties; failures: string[] };
  create(connection: C, inputs: Properties): Promise<ResourceState>;
  /** Undefined where the resource no longer exists. */
  read(connection: C, id: string, state: Properties): Promise<ResourceState | undefined>;
  /**
   * The inputs after a read: `before` and `now` are the outputs then and now. Absent where every input is an output of
   * the same name and shape.
   */
  inputsAfterRead?(oldInputs: Properties, before: Properties, now: Properties): Properties;
  /** Absent where every input replaces. */
  update?(connection: C, id: string, inputs: Properties, state: Properties): Promise<Properties>;
  delete(connection: C, id: string, state: Properties): Promise<void>;
}

/** A setting of the provider by its name in the provider's configuration, or by the environment variable beside it. */
export type ReadSetting = (name: string, ...environmentVariables: string[]) => string | undefined;

/** A function of a provider, such as `getClientConfig`. */
export type ProviderFunction<C> = (connection: C, args: Properties) => Promise<Properties>;

/** A provider: what `resource-provider-server.ts` serves to the engine. */
export interface Provider<C> {
  readonly name: string;
  /** That of the SDK package, or the engine warns of a difference. */
  readonly version: string;
  connect(readSetting: ReadSetting, signal: AbortSignal): Promise<C>;
  disconnect?(connection: C): Promise<void>;
  readonly resources: readonly ResourceType<C>[];
  readonly functions: Readonly<Record<string, ProviderFunction<C>>>;
}
