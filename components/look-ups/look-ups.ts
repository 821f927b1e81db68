import * as pulumi from "@pulumi/pulumi";
import { getClientConfig as getAzureClientConfig } from "@pulumi/azure-native/authorization/getClientConfig";
import { getWorkspace } from "@pulumi/azure-native/machinelearningservices/getWorkspace";
import { getClientConfig as getEntraClientConfig } from "@pulumi/azuread/getClientConfig";
import { command } from "../plan/commands";
import { InvalidValuesError, messageOf, type Problem } from "../plan/problems";
import type { WorkspaceLocation } from "../plan/scopes";

/** A problem that only Azure can show. */
export class LookUpError extends InvalidValuesError {
  constructor(
    override readonly code: LookUpErrorCode,
    subject: string,
    ...problems: readonly Problem[]
  ) {
    super(subject, problems);
    this.name = "LookUpError";
  }
}

export type LookUpErrorCode =
  | "NOT_LOGGED_IN"
  | "TENANTS_DIFFER"
  | "OTHER_SUBSCRIPTION"
  | "WORKSPACE_NOT_FOUND"
  | "WORKSPACE_WITHOUT_KEY_VAULT"
  | "KEY_VAULT_NOT_FOUND"
  | "KEY_VAULT_SECRET_TAKEN"
  | "EXISTING_APPLICATION_NOT_FOUND"
  | "EXISTING_APPLICATION_TAKEN"
  | "EXISTING_PRINCIPAL_TAKEN"
  | "ROLE_TAKEN"
  | "TRUST_TAKEN";

const answers = new WeakMap<object, Map<string, Promise<unknown>>>();

/**
 * The answer to a question, asked once in a program for each provider: with many principals in one program the same
 * login and the same workspace would be looked up again and again.
 */
export function askOnce<T>(
  parent: pulumi.Resource,
  token: string,
  question: string,
  ask: () => Promise<T>,
): Promise<T> {
  // Without an explicit provider the default one is used. The engine's connection is a different one in each run.
  const key = parent.getProvider(token) ?? pulumi.runtime.getMonitor() ?? parent;
  const known = answers.get(key) ?? new Map<string, Promise<unknown>>();
  answers.set(key, known);
  const answer = known.get(`${token} ${question}`) ?? ask();
  known.set(`${token} ${question}`, answer);
  return answer as Promise<T>;
}

/** The login of the two providers. Empty if a provider is not configured yet. */
export interface Login {
  tenantId: string;
  /** Subscription of the azure-native provider. */
  subscriptionId: string;
  /** Object ID of the login that runs Pulumi. */
  objectId: string;
}

/**
 * Asks both providers for their login.
 *
 * @throws LookUpError if one is not logged in, or if they are in different tenants: the principal of one would get a
 * role in the other.
 */
export async function lookUpLogin(parent: pulumi.Resource): Promise<Login> {
  const [entra, azure] = await Promise.all([
    askForLogin("azuread", parent, "azuread:index/getClientConfig:getClientConfig", getEntraClientConfig),
    askForLogin("azure-native", parent, "azure-native:authorization:getClientConfig", getAzureClientConfig),
  ]);
  const { tenantId, objectId } = entra;
  // In a preview, a provider that the same program creates may not be configured yet.
  const isKnown = Boolean(tenantId && azure.tenantId);
  if (isKnown && tenantId.toLowerCase() !== azure.tenantId.toLowerCase()) {
    throw new LookUpError("TENANTS_DIFFER", WORKSPACE, {
      what: "The tenants of the azuread and the azure-native provider",
      must: "be the same",
      received: { azuread: tenantId, "azure-native": azure.tenantId },
      remedy: `${command`pulumi config set azuread:tenantId ${azure.tenantId}`}, or \`az login --tenant TENANT\` for both.`,
    });
  }
  // azuread gives both back as they were configured: another letter case must change no output.
  const lower = (id: string) => (id ? id.toLowerCase() : id);
  return {
    tenantId: lower(tenantId),
    objectId: lower(objectId),
    subscriptionId: azure.subscriptionId,
  };
}

const WORKSPACE = "Azure ML workspace";

async function askForLogin<T>(
  provider: string,
  parent: pulumi.Resource,
  token: string,
  ask: (opts: pulumi.InvokeOptions) => Promise<T>,
): Promise<T> {
  try {
    return await askOnce(parent, token, "", () => ask({ parent }));
  } catch (error) {
    throw new LookUpError("NOT_LOGGED_IN", WORKSPACE, {
      what: `The ${provider} provider`,
      must: `be logged in to Azure. It said: ${messageOf(error)}`,
      remedy:
        "`az login --tenant TENANT`, or ARM_CLIENT_ID, ARM_CLIENT_SECRET, ARM_TENANT_ID and ARM_SUBSCRIPTION_ID in a pipeline.",
    });
  }
}

/** Shows names, and texts that contain them, without the secret ones. */
export class Hidden {
  constructor(private readonly secrets: Readonly<Record<string, string>>) {}

  place<Place extends object>(location: Place): Place {
    const fields = Object.keys(this.secrets).map((name): [string, string] => [name, "[secret]"]);
    return { ...location, ...Object.fromEntries(fields.filter(([name]) => name in location)) };
  }

  /** Azure repeats names in its errors, sometimes in another case. */
  text(text: string): string {
    let shown = text;
    for (const secret of Object.values(this.secrets))
      shown = shown.replaceAll(new RegExp(escapePattern(secret), "gi"), "[secret]");
    return shown;
  }
}

const escapePattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A workspace's names as Azure spells them. */
export type WorkspaceNames = Pick<WorkspaceLocation, "resourceGroupName" | "workspaceName">;

export interface FoundWorkspace extends WorkspaceNames {
  /** Resource ID of its Key Vault. Empty if Azure returned none. */
  keyVaultId?: string;
}

/**
 * Reads the workspace, so that a wrong name fails in preview.
 *
 * @throws LookUpError if the workspace, its resource group or its subscription does not exist, may not be read, or lies
 * in another subscription than the provider's (the getter takes no other).
 */
export async function lookUpWorkspace(
  location: WorkspaceLocation,
  login: Login,
  parent: pulumi.Resource,
  hidden: Hidden,
): Promise<FoundWorkspace> {
  const { resourceGroupName, workspaceName } = location;
  const shown = hidden.place(location);
  if (!login.subscriptionId) return location;
  if (location.subscriptionId !== login.subscriptionId.toLowerCase()) {
    throw new LookUpError("OTHER_SUBSCRIPTION", WORKSPACE, {
      what: "The subscription of the workspace",
      must: "be the one that the azure-native provider uses",
      received: { workspace: shown.subscriptionId, provider: login.subscriptionId },
      remedy: command`pulumi config set azure-native:subscriptionId ${shown.subscriptionId}`,
    });
  }
  const token = "azure-native:machinelearningservices:getWorkspace";
  const question = `${resourceGroupName}/${workspaceName}`.toLowerCase();
  try {
    const { id, keyVault } = await askOnce(parent, token, question, () =>
      getWorkspace({ resourceGroupName, workspaceName }, { parent }),
    );
    return { ...spelledAsIn(id, location), keyVaultId: keyVault ?? "" };
  } catch (error) {
    throw new LookUpError(
      "WORKSPACE_NOT_FOUND",
      WORKSPACE,
      describeFailure(hidden.text(messageOf(error)), shown),
    );
  }
}

/** The names from the workspace's resource ID, so that another spelling of a setting changes nothing. */
function spelledAsIn(id: unknown, { resourceGroupName, workspaceName }: WorkspaceNames): WorkspaceNames {
  const parts = typeof id === "string" ? id.split("/") : [];
  const [group, name] = [parts[4] ?? "", parts[8] ?? ""];
  const isSame = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  return {
    resourceGroupName: isSame(group, resourceGroupName) ? group : resourceGroupName,
    workspaceName: isSame(name, workspaceName) ? name : workspaceName,
  };
}

/** Azure's code in an error of azure-native, which prints `Status=404 Code="ResourceNotFound" Message="…"`, or of its SDK: `ERROR CODE: …`. */
export function azureCodeOf(message: string): string {
  return /(?:Code="|ERROR CODE: )(\w+)/.exec(message)?.[1] ?? "";
}

const MADE_HERE = "If this program creates it, set workspaceLookup to false.";

const FAILURES: Record<string, { must: string; remedy: (location: WorkspaceLocation) => string }> = {
  ResourceNotFound: {
    must: "exist in its resource group",
    remedy: ({ resourceGroupName }) =>
      `${command`az resource list --resource-group ${resourceGroupName} --resource-type Microsoft.MachineLearningServices/workspaces`} lists those that do. ${MADE_HERE}`,
  },
  ResourceGroupNotFound: {
    must: "be in a resource group that exists",
    remedy: ({ subscriptionId }) =>
      `${command`az group list --subscription ${subscriptionId} --output table`} lists those that do. ${MADE_HERE}`,
  },
  SubscriptionNotFound: {
    must: "be in a subscription that exists in your tenant",
    remedy: () =>
      "`az account list --output table` lists those you can reach; `az login --tenant TENANT` changes the tenant.",
  },
  AuthorizationFailed: {
    must: "be readable with your login",
    remedy: ({ resourceGroupName }) =>
      `Ask for a role on resource group ${resourceGroupName} that may read it and assign roles, and check the names: without a role, Azure does not say whether they exist. ${MADE_HERE}`,
  },
};

function describeFailure(message: string, location: WorkspaceLocation): Problem {
  const code = azureCodeOf(message);
  const failure = FAILURES[code];
  return failure
    ? {
        what: `The workspace (Azure: ${code})`,
        must: failure.must,
        received: location,
        remedy: failure.remedy(location),
      }
    : {
        what: "The workspace",
        must: `be readable. It was not: ${message}`,
        received: location,
        remedy: "Try again. If the problem stays: the message above is from Azure.",
      };
}
