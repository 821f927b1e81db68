import { parseArgs } from "node:util";
import { type LocalAzure, type LocalAzureOptions, startLocalAzure } from "./local-azure";
import { untilStopped } from "./stop-signals";

const USAGE = `usage: npm run --silent local-azure -- [--port N] [--latency MS] [--replication-lag SECONDS] [--seed TEXT]
Starts a local Azure on loopback, prints one JSON line, and runs until SIGINT or SIGTERM.
`;

/** A wrong command line. */
class UsageError extends Error {
  readonly code = "usage";
}

function readOptions(args: readonly string[]): LocalAzureOptions {
  let values: Record<string, string | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        port: { type: "string" },
        latency: { type: "string" },
        "replication-lag": { type: "string" },
        seed: { type: "string" },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const port = readNumber("--port", values.port, 65_535);
  const latencyMs = readNumber("--latency", values.latency, 600_000);
  const replicationLagSeconds = readNumber("--replication-lag", values["replication-lag"], 86_400);
  return {
    ...(port === undefined ? {} : { port }),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(replicationLagSeconds === undefined ? {} : { replicationLagSeconds }),
    ...(values.seed === undefined ? {} : { seed: values.seed }),
  };
}

function readNumber(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text) || Number(text) > most)
    throw new UsageError(`${name} must be a whole number from 0 to ${most}. Received ${text}.`);
  return Number(text);
}

function describe(azure: LocalAzure): object {
  const { url, proxyUrl, caFile, tenantId, subscriptionId, resourceGroup, workspaceName, admin } = azure;
  return {
    url,
    proxyUrl,
    caFile,
    tenantId,
    subscriptionId,
    resourceGroup,
    workspaceName,
    admin,
    direct: azure.direct,
    public: azure.public,
  };
}

async function main(): Promise<void> {
  // The handlers are there before anything is started, so that nothing is left behind.
  const stopped = untilStopped();
  const azure = await startLocalAzure(readOptions(process.argv.slice(2)));
  process.stdout.write(`${JSON.stringify(describe(azure))}\n`);
  await stopped;
  await azure.close();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(USAGE);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
