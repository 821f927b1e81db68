import type { Deployment } from "./deployment";

/** Settings of the providers that are a login, or say which one: of azuread and azure-native alike. */
const SETTINGS = [
  "clientId",
  "clientSecret",
  "clientCertificate",
  "clientCertificatePath",
  "clientCertificatePassword",
  "oidcToken",
  "useOidc",
  "useMsi",
];

/**
 * The settings with which the stack's own providers log in, such as `azuread:clientSecret`. A secret among them is
 * encrypted in the state, and a command that only reads needs no passphrase: so they are named, and not used.
 */
export function readProviderLogins({ resources = [] }: Deployment): string[] {
  const found = resources.flatMap(({ type, inputs = {} }) => {
    const provider = /^pulumi:providers:(azuread|azure-native)$/.exec(type)?.[1];
    if (provider === undefined) return [];
    return SETTINGS.filter((name) => name in inputs).map((name) => `${provider}:${name}`);
  });
  return [...new Set(found)];
}

/** What to say where another login is used. Undefined where the stack has none of its own, or whoever runs this names one. */
export function explainOtherLogin(
  logins: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const isNamed = ["ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_USE_OIDC", "ARM_USE_MSI"].some(
    (name) => env[name],
  );
  if (logins.length === 0 || isNamed) return undefined;
  return (
    `The stack logs in with ${logins.join(", ")}; this command does not, and uses the login of the Azure CLI. ` +
    "To use the stack's login, set ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID to the same values."
  );
}
