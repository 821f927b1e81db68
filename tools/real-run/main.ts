import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import confirm from "@inquirer/confirm";
import { untilStopped } from "../../local-azure/stop-signals";
import { obtainEngine } from "../../rehearsal/engine/engine";
import { PROVIDER_NAMES, type ProviderName } from "../../rehearsal/stand-ins/provider-names";
import { forwardToAzure } from "./gateway";
import { DeclinedError, realRun } from "./real-run";
import { hide, renderReport } from "./report";

const USAGE = `Usage: npm run real-run -- --resource-group NAME --workspace NAME [options]

Runs the life of a service principal once on a real tenant: provision, log in, renew, rotate, destroy. It asks before
each write, compares every answer with the known answers of Azure, and removes what it created, also when you interrupt
it. The report contains no secrets and no IDs, so you can attach it to an issue.

Log in with ARM_CLIENT_ID, ARM_CLIENT_SECRET, ARM_TENANT_ID and ARM_SUBSCRIPTION_ID: a service principal that may
register applications and assign roles on the resource group.

  --token-file FILE      a token of a pipeline, for the part without a password. Default: skip that part
  --real-providers LIST  use the real plugins for these providers: ${PROVIDER_NAMES.join(",")}
  --engine PATH          the Pulumi executable to use
  --report FILE          where the report goes. Default: real-run-report.md
  --yes                  do not ask
  --help                 print this

Exit code: 0 every step succeeded, 1 a step failed, 2 wrong usage.
`;

const LOGIN = ["ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_TENANT_ID", "ARM_SUBSCRIPTION_ID"] as const;

/** A wrong command line. */
class UsageError extends Error {}

function readArguments(argv: string[]) {
  const parse = () =>
    parseArgs({
      args: argv,
      options: {
        "resource-group": { type: "string" },
        workspace: { type: "string" },
        "token-file": { type: "string" },
        "real-providers": { type: "string", default: "" },
        engine: { type: "string" },
        report: { type: "string", default: "real-run-report.md" },
        yes: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  let values: ReturnType<typeof parse>;
  try {
    values = parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.help) return values;
  const missing = [
    ...(["resource-group", "workspace"] as const).filter((name) => !values[name]).map((name) => `--${name}`),
    ...LOGIN.filter((name) => !process.env[name]),
  ];
  if (missing.length > 0) throw new UsageError(`Missing: ${missing.join(", ")}.`);
  if (!values.yes && !process.stdin.isTTY) throw new UsageError("Without a terminal, add --yes.");
  return values;
}

async function main(): Promise<number> {
  const values = readArguments(process.argv.slice(2));
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const interruption = new AbortController();
  void untilStopped().then(() => interruption.abort());
  const login = Object.fromEntries(LOGIN.map((name) => [name, process.env[name]!]));
  const resourceGroup = values["resource-group"]!;
  const workspaceName = values.workspace!;
  const hidden = [resourceGroup, workspaceName, ...Object.values(login)];
  const progress = (line: string) => void process.stderr.write(`${line}\n`);
  const report = await realRun({
    engine: await obtainEngine({ ...(values.engine && { engine: values.engine }), onProgress: progress }),
    login,
    resourceGroup,
    workspaceName,
    ...(values["token-file"] && { token: readFileSync(values["token-file"], "utf8").trim() }),
    realProviders: values["real-providers"].split(",").filter(Boolean) as ProviderName[],
    forward: forwardToAzure(),
    confirm: (message) =>
      values.yes
        ? Promise.resolve(true)
        : confirm({ message, default: false }, { signal: interruption.signal }).catch(() => false),
    onStep: ({ name, ok, detail }) =>
      void process.stdout.write(`${ok ? "  ok    " : "  FAILED"}  ${name}: ${hide(detail, hidden)}\n`),
    signal: interruption.signal,
  });
  writeFileSync(values.report, renderReport(report, hidden));
  for (const line of report.left) progress(line);
  progress(`The report is in ${values.report}.`);
  return report.ok ? 0 : 1;
}

main().then(
  (code) => process.stdout.write("", () => process.exit(code)),
  (error: unknown) => {
    const isUsage = error instanceof UsageError;
    const isTold = isUsage || error instanceof DeclinedError;
    process.stderr.write(`${isTold ? error.message : String((error as Error).stack ?? error)}\n`);
    if (isUsage) process.stderr.write(`\n${USAGE}`);
    process.exit(isUsage ? 2 : 1);
  },
);
