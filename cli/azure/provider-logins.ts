import type { Deployment } from "../audit/deployment";
import { isGiven, LOGINS } from "./login-settings";

/** Where the login settings of a stack's providers come from. */
export interface ProviderLogins {
  /** Whether there is a provider at all: none before the first `up`, and after `destroy`. */
  readonly areKnown: boolean;
  /** In the settings of the stack, such as `azuread:clientSecret`. */
  readonly inSettings: readonly string[];
  /** Of providers that the program makes itself. */
  readonly inProgram: readonly string[];
}

/**
 * Reads them from a state without decrypting, so that a command that only reads needs no passphrase unless a login is
 * encrypted.
 */
export function readProviderLogins({ resources = [] }: Deployment): ProviderLogins {
  const providers = resources.filter(({ type }) => /^pulumi:providers:(azuread|azure-native)$/.test(type));
  const namesOf = (areDefaults: boolean) => [
    ...new Set(
      providers
        .filter(({ urn }) => /::default(_[^:]*)?$/.test(urn) === areDefaults)
        .flatMap(({ type, inputs = {} }) =>
          LOGINS.filter((name) => isGiven(inputs[name])).map((name) => `${type.split(":")[2]}:${name}`),
        ),
    ),
  ];
  return { areKnown: providers.length > 0, inSettings: namesOf(true), inProgram: namesOf(false) };
}

/** The note for a login that is not the providers' own. */
export function explainOtherLogin(
  { inSettings, inProgram }: ProviderLogins,
  env: Readonly<Record<string, string | undefined>>,
  unread?: string,
): string | undefined {
  const isNamed = ["ARM_CLIENT_ID", "ARM_USE_OIDC", "ARM_USE_MSI"].some((name) => env[name]);
  const settings = unread === undefined ? [] : inSettings;
  if (isNamed || settings.length + inProgram.length === 0) return undefined;
  return [
    ...(settings.length > 0
      ? [`The stack's settings have a login, ${settings.join(", ")}, which could not be read: ${unread}.`]
      : []),
    ...(inProgram.length > 0
      ? [
          `The program makes a provider with a login of its own, ${inProgram.join(", ")}, which this command cannot use.`,
        ]
      : []),
    "So the login of the Azure CLI is used. To use the stack's login, set ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID to the same values.",
  ].join(" ");
}
