// Run as a process of its own, because Node reads NODE_EXTRA_CA_CERTS at its start only. Takes a JSON list of steps
// as its argument, does them with Microsoft's clients, and prints a JSON list with what came of each.
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ResourceManagementClient } from "@azure/arm-resources";
import { ClientSecretCredential } from "@azure/identity";

/** What the process can be asked to do. */
export type Step =
  | { do: "logIn" }
  | { do: "readGroup"; group: string }
  | { do: "listAssignments"; scope: string }
  | { do: "assign"; scope: string; name: string; roleDefinitionId: string; principalId: string }
  | { do: "unassign"; scope: string; name: string };

/** The value of a step, or the error that a user of the client would see. */
export interface StepResult {
  value?: unknown;
  error?: { name: string; code?: string; statusCode?: number; message: string };
}

async function main(): Promise<void> {
  const steps = JSON.parse(process.argv[2] ?? "[]") as Step[];
  const cloud = await describeCloud();
  const credential = new ClientSecretCredential(
    variable("AZURE_TENANT_ID"),
    variable("AZURE_CLIENT_ID"),
    variable("AZURE_CLIENT_SECRET"),
    cloud === undefined ? undefined : { disableInstanceDiscovery: true },
  );
  const options = cloud && { endpoint: cloud.endpoint, credentialScopes: cloud.scope };
  const subscriptionId = variable("ARM_SUBSCRIPTION_ID");
  const { roleAssignments } = new AuthorizationManagementClient(credential, subscriptionId, options);
  const { resourceGroups } = new ResourceManagementClient(credential, subscriptionId, options);

  const perform = async (step: Step): Promise<unknown> => {
    switch (step.do) {
      case "logIn": {
        const token = await credential.getToken(cloud?.scope ?? "https://management.azure.com/.default");
        return { secondsLeft: (token.expiresOnTimestamp - Date.now()) / 1000 };
      }
      case "readGroup":
        return resourceGroups.get(step.group);
      case "listAssignments": {
        const found = [];
        for await (const assignment of roleAssignments.listForScope(step.scope)) found.push(assignment);
        return found;
      }
      case "assign": {
        const { scope, name, roleDefinitionId, principalId } = step;
        return roleAssignments.create(scope, name, {
          roleDefinitionId,
          principalId,
          principalType: "ServicePrincipal",
        });
      }
      case "unassign":
        return roleAssignments.delete(step.scope, step.name);
    }
  };

  const results: StepResult[] = [];
  for (const step of steps) {
    try {
      results.push({ value: await perform(step) });
    } catch (error) {
      const { name, code, statusCode, message } = error as NonNullable<StepResult["error"]>;
      results.push({ error: { name, code, statusCode, message } });
    }
  }
  process.stdout.write(JSON.stringify(results));
}

/** Where the cloud is, if the environment names one that is not the public one. */
async function describeCloud(): Promise<{ endpoint: string; scope: string } | undefined> {
  const host = process.env.ARM_METADATA_HOSTNAME;
  if (host === undefined) return undefined;
  const answer = await fetch(`https://${host}/metadata/endpoints?api-version=2022-09-01`);
  const cloud = (await answer.json()) as {
    resourceManager: string;
    authentication: { audiences: [string, ...string[]] };
  };
  return { endpoint: cloud.resourceManager, scope: `${cloud.authentication.audiences[0]}/.default` };
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} must be set.`);
  return value;
}

if (require.main === module) void main();
