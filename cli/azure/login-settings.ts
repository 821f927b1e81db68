import { CliError } from "../errors";
import type { Io } from "../io";
import { parseJson } from "../tools/process";
import { runPulumi, type StackSelection } from "../tools/pulumi";

// The login of the two providers. They read each value from the stack's settings (`azuread:clientId`), or else from a
// variable: https://www.pulumi.com/registry/packages/azuread/installation-configuration/ and the same for azure-native.

export type Provider = "azuread" | "azure-native";

const VARIABLES = {
  tenantId: ["ARM_TENANT_ID"],
  clientId: ["ARM_CLIENT_ID"],
  clientCertificate: ["ARM_CLIENT_CERTIFICATE"],
  clientCertificatePath: ["ARM_CLIENT_CERTIFICATE_PATH"],
  clientCertificatePassword: ["ARM_CLIENT_CERTIFICATE_PASSWORD"],
  clientSecret: ["ARM_CLIENT_SECRET"],
  useOidc: ["ARM_USE_OIDC"],
  oidcToken: ["ARM_OIDC_TOKEN"],
  oidcTokenFilePath: ["ARM_OIDC_TOKEN_FILE_PATH"],
  oidcRequestUrl: ["ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL"],
  oidcRequestToken: ["ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
  adoPipelineServiceConnectionId: [
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
    "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
  ],
  useMsi: ["ARM_USE_MSI"],
} as const satisfies Record<string, readonly string[]>;
type LoginSetting = keyof typeof VARIABLES;

/** Settings that contain a login, or select one. */
export const LOGINS: readonly LoginSetting[] = [
  "clientId",
  "clientCertificate",
  "clientCertificatePath",
  "clientSecret",
  "oidcToken",
  "useOidc",
  "useMsi",
];

/** The providers themselves write `"false"` into the state if nothing is set. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && value !== "false" && value !== false;
}

/** The logins of the providers in the stack's settings, decrypted. Never show them. */
export type StackLogins = Readonly<Record<Provider, Readonly<Record<string, string>>>>;

export const NO_STACK_LOGINS: StackLogins = { azuread: {}, "azure-native": {} };

/** @throws CliError if they cannot be read, for example without the passphrase. */
export async function readStackLogins(io: Io, selection: StackSelection): Promise<StackLogins> {
  const text = await runPulumi(io, ["config", "--show-secrets", "--json"], selection);
  const config = parseJson<Record<string, { value?: unknown }>>(text, "pulumi config");
  const of = (provider: Provider) =>
    Object.fromEntries(
      Object.entries(config).flatMap(([name, { value }]) =>
        name.startsWith(`${provider}:`) && typeof value === "string"
          ? [[name.slice(provider.length + 1), value]]
          : [],
      ),
    );
  return { azuread: of("azuread"), "azure-native": of("azure-native") };
}

/** The login settings of one provider. */
export class LoginSettings {
  constructor(
    private readonly env: Io["env"],
    private readonly provider: Provider = "azuread",
    private readonly stack: Readonly<Record<string, string>> = {},
  ) {}

  get(setting: LoginSetting): string | undefined {
    if (isGiven(this.stack[setting])) return this.stack[setting];
    return this.variable(...VARIABLES[setting]);
  }

  isTrue(setting: LoginSetting): boolean {
    return /^(1|true)$/i.test(this.get(setting) ?? "");
  }

  variable(...names: readonly string[]): string | undefined {
    return names.map((name) => this.env[name]).find(Boolean);
  }

  /** What to call a setting: by where it stands. */
  nameOf(setting: LoginSetting): string {
    return isGiven(this.stack[setting])
      ? `${this.provider}:${setting}`
      : (VARIABLES[setting].find((name) => this.env[name]) ?? VARIABLES[setting][0]);
  }

  /** @throws CliError where one is missing that another one needs. */
  need(by: LoginSetting, tenantOfStack: string | undefined): [tenantId: string, clientId: string] {
    const tenantId = this.get("tenantId") ?? tenantOfStack;
    const clientId = this.get("clientId");
    if (tenantId !== undefined && clientId !== undefined) return [tenantId, clientId];
    const [given, ...needed] = ([by, "clientId", "tenantId"] as const).map((name) => this.nameOf(name));
    throw new CliError(
      "LOGIN_INCOMPLETE",
      `Where ${given} is set, ${needed.join(" and ")} must be set too.`,
      `Set them, or unset ${given} to use the login of the Azure CLI.`,
    );
  }
}
