import type * as pulumi from "@pulumi/pulumi";
import { getClientConfig as getAzureClientConfig } from "@pulumi/azure-native/authorization/getClientConfig";
import { getClientConfig as getEntraClientConfig } from "@pulumi/azuread/getClientConfig";
import { command } from "../plan/commands";
import { messageOf } from "../plan/problems";
import { askOnce, LookUpError } from "./ask";

/** The login of the two providers. Empty if a provider is not configured yet. */
export interface Login {
  tenantId: string;
  /** Subscription of the azure-native provider. */
  subscriptionId: string;
  /** Object ID of the login that runs Pulumi. */
  objectId: string;
}

const SUBJECT = "Azure ML workspace";

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
    throw new LookUpError("TENANTS_DIFFER", SUBJECT, {
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
    subscriptionId: lower(azure.subscriptionId),
  };
}

/** What a provider tells of its login. @throws LookUpError where it has none */
export async function askForLogin<T>(
  provider: string,
  parent: pulumi.Resource,
  token: string,
  ask: (opts: pulumi.InvokeOptions) => Promise<T>,
): Promise<T> {
  try {
    return await askOnce(parent, token, "", () => ask({ parent }));
  } catch (error) {
    throw new LookUpError("NOT_LOGGED_IN", SUBJECT, {
      what: `The ${provider} provider`,
      must: `be logged in to Azure. It said: ${messageOf(error)}`,
      remedy:
        "`az login --tenant TENANT`, or ARM_CLIENT_ID, ARM_CLIENT_SECRET, ARM_TENANT_ID and ARM_SUBSCRIPTION_ID in a pipeline.",
    });
  }
}
