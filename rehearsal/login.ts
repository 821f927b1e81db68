import { ResourceManagementClient } from "@azure/arm-resources";
import { ClientSecretCredential, WorkloadIdentityCredential } from "@azure/identity";

/**
 * A pipeline's job, as far as Azure sees it: a process that has the variables and nothing else, logs in as against the
 * public cloud, with the token of the runner where that has one, and reads the workspace. Prints one JSON line, without anything secret.
 */
async function main(): Promise<void> {
  const subscriptionId = read("HIML_SUBSCRIPTION_ID");
  const credential = process.env["AZURE_FEDERATED_TOKEN_FILE"]
    ? new WorkloadIdentityCredential()
    : new ClientSecretCredential(
        read("HIML_TENANT_ID"),
        read("HIML_SERVICE_PRINCIPAL_ID"),
        read("HIML_SERVICE_PRINCIPAL_PASSWORD"),
      );
  const client = new ResourceManagementClient(credential, subscriptionId);
  const id =
    `/subscriptions/${subscriptionId}/resourceGroups/${read("HIML_RESOURCE_GROUP")}` +
    `/providers/Microsoft.MachineLearningServices/workspaces/${read("HIML_WORKSPACE_NAME")}`;
  try {
    const workspace = await client.resources.getById(id, "2024-10-01");
    print({ ok: true, workspace: workspace.id, location: workspace.location });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = /AADSTS\d+/.exec(message)?.[0] ?? (error as { code?: unknown }).code ?? "unknown";
    print({ ok: false, code, message: message.split("\n")[0] });
  }
}

function read(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`The environment must have ${name}.`);
  return value;
}

function print(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

void main();
