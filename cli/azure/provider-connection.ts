import { CliError } from "../errors";
import type { Io } from "../io";
import { lastLines } from "../tools/process";
import type { StackSelection } from "../tools/pulumi";
import type * as credentials from "./credentials";
import { LoginSettings, NO_STACK_LOGINS, readStackLogins, type StackLogins } from "./login-settings";
import { explainOtherLogin, type ProviderLogins } from "./provider-logins";
import type * as azureReader from "../audit/read-azure";

/** A connection to Azure that uses the login of each provider for that provider's requests. */
interface ProviderConnection {
  readonly azure: azureReader.Azure;
  /** Where it is another login than the providers'. */
  readonly otherLogin: string | undefined;
}

/** With the variables alone. Most stacks have nothing else, and logging in takes a while. */
export function connectByVariables(io: Io): azureReader.Azure | undefined {
  // While Pulumi starts: they take as long to load.
  loadCredentials();
  loadReader();
  if (!io.env["ARM_TENANT_ID"]) return undefined;
  try {
    const azure = connect(io, NO_STACK_LOGINS, undefined);
    azure.prepare();
    return azure;
  } catch (error) {
    // The stack's own settings may have what is missing.
    if (error instanceof CliError) return undefined;
    throw error;
  }
}

/** As the providers of the stack log in, if its settings can be read. */
export async function connectAsProviders(
  io: Io,
  selection: StackSelection,
  { logins, tenantId }: { logins: ProviderLogins; tenantId: string | undefined },
  byVariables: azureReader.Azure | undefined,
): Promise<ProviderConnection> {
  let stack = NO_STACK_LOGINS;
  let unread: string | undefined;
  if (logins.inSettings.length > 0 || !logins.areKnown) {
    try {
      stack = await readStackLogins(io, selection);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      unread = lastLines(error.message, 1).trim();
    }
  }
  const hasNone = Object.values(stack).every((settings) => Object.keys(settings).length === 0);
  return {
    azure: (hasNone ? byVariables : undefined) ?? connect(io, stack, tenantId),
    otherLogin: explainOtherLogin(logins, io.env, unread),
  };
}

function connect(io: Io, stack: StackLogins, tenantId: string | undefined): azureReader.Azure {
  const { chooseCredential } = loadCredentials();
  const choose = (provider: keyof StackLogins) =>
    chooseCredential(io, new LoginSettings(io.env, provider, stack[provider]), tenantId);
  const ofGraph = choose("azuread");
  const isOne = JSON.stringify(stack.azuread) === JSON.stringify(stack["azure-native"]);
  return loadReader().connect(io, { graph: ofGraph, arm: isOne ? ofGraph : choose("azure-native") });
}

// `require`, since TypeScript leaves `import()` alone in CommonJS, and Node then wants file names with extensions.
/* oxlint-disable typescript/no-require-imports */
const loadCredentials = () => require("./credentials") as typeof credentials;
export const loadReader = () => require("../audit/read-azure") as typeof azureReader;
/* oxlint-enable typescript/no-require-imports */
