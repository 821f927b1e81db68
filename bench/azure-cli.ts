import { performance } from "node:perf_hooks";
import { startLocalAzure } from "../local-azure/local-azure";
import { AzureCli } from "../test/clients/azure-cli";
import { pythonEnvironment } from "../test/clients/environments";
import { Sandbox } from "../test/clients/sandbox";

/** What each round of `az ad sp create-for-rbac` took. */
export interface AzureCliFigures {
  readonly version: string;
  readonly seconds: readonly number[];
  readonly requests: number;
  readonly writes: number;
}

/** Each round creates a principal with a role by the Azure CLI, on a local Azure. Each has its own name: `az` would reuse one. */
export async function measureAzureCli(rounds: number): Promise<AzureCliFigures> {
  const environment = await pythonEnvironment("azure-cli");
  const [sandbox, azure] = await Promise.all([Sandbox.create(), startLocalAzure()]);
  try {
    const az = await AzureCli.create(environment, azure, "direct", sandbox);
    const { clientId, clientSecret: secret } = azure.admin;
    const login = { clientId, secret, tenantId: azure.tenantId };
    await az.succeed(...AzureCli.loginArguments(login));
    await az.succeed("account", "set", "--subscription", azure.subscriptionId);
    const scope = `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      azure.control.clearRequests();
      const started = performance.now();
      await az.succeed(
        ...["ad", "sp", "create-for-rbac", "--name", `bench-${round}`],
        ...["--role", "Contributor", "--scopes", scope],
      );
      seconds.push((performance.now() - started) / 1000);
    }
    const calls = azure.control.requests().filter(({ api }) => api === "graph" || api === "arm");
    const writes = calls.filter(({ method }) => method !== "GET").length;
    return { version: environment.version, seconds, requests: calls.length, writes };
  } finally {
    await azure.close();
    await sandbox.remove();
  }
}
