import { parseArgs } from "node:util";
import type * as localAzure from "./local-azure";
import type { LocalAzure, LocalAzureOptions } from "./local-azure";
import { untilStopped } from "./stop-signals";

// Loaded only when it starts: `--help` and a wrong option answer at once.
// oxlint-disable-next-line typescript/no-require-imports
const loadLocalAzure = () => require("./local-azure") as typeof localAzure;

const USAGE = `Usage: npm run --silent local-azure -- [options]

Starts a local Azure on loopback, prints one JSON line, and runs until SIGINT or SIGTERM.

  --port N                   port of the server. Default: a free one
  --latency MS               delay of each answer. Default: 0
  --replication-lag SECONDS  time until other parts of Azure know a new object. Default: 0
  --seed TEXT                the same IDs and secrets in every run with this text
  --blob-storage URL         an Azurite that answers for *.blob.core.windows.net, started with --oauth basic
  --help                     print this
`;

/** A wrong command line. */
class UsageError extends Error {
  readonly code = "usage";
}

/** The options, or undefined for `--help`. */
function readOptions(args: readonly string[]): LocalAzureOptions | undefined {
  const parse = () =>
    parseArgs({
      args: [...args],
      options: {
        port: { type: "string" },
        latency: { type: "string" },
        "replication-lag": { type: "string" },
        seed: { type: "string" },
        "blob-storage": { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  let values: ReturnType<typeof parse>;
  try {
    values = parse();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return undefined;
  const port = readNumber("--port", values.port, 65_535);
  const latencyMs = readNumber("--latency", values.latency, 600_000);
  const replicationLagSeconds = readNumber("--replication-lag", values["replication-lag"], 86_400);
  return {
    ...(port === undefined ? {} : { port }),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(replicationLagSeconds === undefined ? {} : { replicationLagSeconds }),
    ...(values["blob-storage"] === undefined
      ? {}
      : { blobStorage: { url: readUrl("--blob-storage", values["blob-storage"]) } }),
    ...(values.seed === undefined ? {} : { seed: values.seed }),
  };
}

function readUrl(name: string, text: string): string {
  if (!/^https?:/.test(text) || !URL.canParse(text))
    throw new UsageError(`${name} must be an address such as https://127.0.0.1:10000. Received ${text}.`);
  return text;
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
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return void process.stdout.write(USAGE);
  // Handle signals before anything starts, so that nothing is left behind.
  const stopped = untilStopped();
  const azure = await loadLocalAzure().startLocalAzure(options);
  process.stdout.write(`${JSON.stringify(describe(azure))}\n`);
  await stopped;
  await azure.close();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(`\n${USAGE}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
