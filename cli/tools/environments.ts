import type { Environment } from "./process";

// Each tool gets only what it needs of this process's environment, which contains passphrases, tokens and the password of a job.

/** What a program needs to start, to find the user's settings, and to reach the network. */
const OF_THE_SYSTEM = [
  ...[
    "PATH",
    "PATHEXT",
    "HOME",
    "SHELL",
    "USER",
    "LOGNAME",
    "HOSTNAME",
    "TZ",
    "TERM",
    "LANG",
    "LANGUAGE",
    /^LC_\w+$/,
  ],
  ...["TMPDIR", "TMP", "TEMP", /^XDG_\w+$/, "DBUS_SESSION_BUS_ADDRESS", "NO_COLOR", "CLICOLOR", "CI"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"],
  // Windows.
  ...[
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "OS",
    "USERNAME",
    "USERDOMAIN",
    "USERPROFILE",
    "COMPUTERNAME",
  ],
  ...[
    "HOMEDRIVE",
    "HOMEPATH",
    "APPDATA",
    "LOCALAPPDATA",
    "ALLUSERSPROFILE",
    "PROGRAMDATA",
    "PUBLIC",
    "PSMODULEPATH",
  ],
  ...[/^PROGRAM(FILES|W6432)/, /^COMMONPROGRAM/, /^PROCESSOR_\w+$/, "NUMBER_OF_PROCESSORS"],
];

/** https://cli.github.com/manual/gh_help_environment; git is started by gh. */
const OF_GH = [
  /^GH_\w+$/,
  "GITHUB_TOKEN",
  "GITHUB_ENTERPRISE_TOKEN",
  "CODESPACES",
  "GIT_CONFIG_GLOBAL",
  "PAGER",
  "BROWSER",
];

/**
 * https://learn.microsoft.com/cli/azure/azure-cli-configuration: settings, extensions and cloud of the Azure CLI, the
 * token of Azure DevOps, and the endpoints of managed identities (Cloud Shell, App Service).
 */
const OF_AZ = [
  ...["AZURE_CONFIG_DIR", "AZURE_EXTENSION_DIR", "AZURE_HTTP_USER_AGENT"],
  ...[/^AZURE_(CORE|CLOUD|DEFAULTS|DEVOPS|LOGGING|EXTENSION)_\w+$/, "ACC_CLOUD"],
  ...["MSI_ENDPOINT", "MSI_SECRET", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT"],
  ...[/^PYTHON\w+$/, "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"],
];

/** Variables that are only for other tools. All others pass, because backends, secrets providers and programs may need them. */
const NOT_OF_PULUMI = [
  "HIML_SERVICE_PRINCIPAL_PASSWORD",
  /^AZURE_DEVOPS_EXT_\w+$/,
  /^GH_\w+$/,
  "GITHUB_ENTERPRISE_TOKEN",
];

type Rule = string | RegExp;

const RULES: Record<"gh" | "az" | "git", readonly Rule[]> = {
  gh: [...OF_THE_SYSTEM, ...OF_GH],
  az: [...OF_THE_SYSTEM, ...OF_AZ],
  git: OF_THE_SYSTEM,
};

/** The part of the environment that a tool gets. */
export function environmentFor(tool: "gh" | "az" | "git" | "pulumi", env: Environment): Environment {
  const isWanted =
    tool === "pulumi"
      ? (name: string) => !NOT_OF_PULUMI.some((rule) => fits(rule, name))
      : (name: string) => RULES[tool].some((rule) => fits(rule, name));
  return Object.fromEntries(Object.entries(env).filter(([name]) => isWanted(name)));
}

// On Windows the case of names does not matter, and proxy variables exist in both cases everywhere.
function fits(rule: Rule, name: string): boolean {
  return typeof rule === "string" ? rule === name.toUpperCase() : rule.test(name.toUpperCase());
}
