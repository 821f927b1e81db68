/**
 * What the local Azure costs those who wait for it: its start, token requests on one core, and the time that the
 * calls of one `az ad sp create-for-rbac` spend in it. Run it on a machine that does nothing else.
 *
 *     npx ts-node -T bench/azure.ts [--runs 5]
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { Agent, request } from "undici";
import { startLocalAzure } from "../local-azure/local-azure";

const MAIN = path.resolve(__dirname, "..", "local-azure", "main.ts");
const TOKEN_REQUESTS = 2000;
const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";

interface Started {
  readonly url: string;
  readonly caFile: string;
  readonly tenantId: string;
  readonly admin: { readonly clientId: string; readonly clientSecret: string };
}

/** Where the system can do that, the server is kept on one core, its threads included. */
const hasTaskset = process.platform === "linux" && spawnSync("taskset", ["-V"]).status === 0;

async function spawnAzure(
  onOneCore: boolean,
): Promise<{ child: ChildProcess; started: Started; ms: number }> {
  const node = [process.execPath, "-r", "ts-node/register/transpile-only", MAIN];
  const [command, ...args] = onOneCore && hasTaskset ? ["taskset", "-c", "0", ...node] : node;
  const begin = performance.now();
  const child = spawn(command!, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, started: JSON.parse(line.toString()) as Started, ms: performance.now() - begin };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** From the start of the process to its line on stdout, when both servers listen. */
async function measureStart(runs: number): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { child, ms } = await spawnAzure(false);
    times.push(ms);
    await stop(child);
  }
  return median(times);
}

async function measureTokens(): Promise<number> {
  const { child, started } = await spawnAzure(true);
  const agent = new Agent({ connect: { ca: readFileSync(started.caFile, "utf8") }, connections: 8 });
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: started.admin.clientId,
    client_secret: started.admin.clientSecret,
    scope: "https://management.azure.com/.default",
  }).toString();
  const post = async () => {
    const answer = await request(`${started.url}/${started.tenantId}/oauth2/v2.0/token`, {
      dispatcher: agent,
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: form,
    });
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new Error(`A token must be issued. Received ${answer.statusCode}.`);
  };
  await Promise.all(Array.from({ length: 200 }, post));
  const begin = performance.now();
  let left = TOKEN_REQUESTS;
  const client = async () => {
    while (left-- > 0) await post();
  };
  await Promise.all(Array.from({ length: 16 }, client));
  const seconds = (performance.now() - begin) / 1000;
  await agent.close();
  await stop(child);
  return TOKEN_REQUESTS / seconds;
}

/** The calls of `az login` and `az ad sp create-for-rbac --name N --role R --scopes X`, as the reference has them. */
async function measureCreateForRbac(runs: number): Promise<number> {
  const azure = await startLocalAzure();
  const agent = new Agent({ connect: { ca: azure.caPem } });
  const group = `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;
  const authorization = `${group}/providers/Microsoft.Authorization`;
  const call = async (method: string, url: string, token?: string, json?: unknown) => {
    const headers: Record<string, string> = {};
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (json !== undefined) headers["content-type"] = "application/json";
    const body = json === undefined ? null : JSON.stringify(json);
    const answer = await request(azure.url + url, { dispatcher: agent, method, headers, body });
    if (answer.statusCode >= 400)
      throw new Error(`${method} ${url} must succeed. Received ${answer.statusCode}.`);
    return (await answer.body.json()) as { id: string; appId: string };
  };
  const logIn = async (scope: string) => {
    await call("GET", `/${azure.tenantId}/v2.0/.well-known/openid-configuration`);
    const answer = await request(`${azure.url}/${azure.tenantId}/oauth2/v2.0/token`, {
      dispatcher: agent,
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: azure.admin.clientId,
        client_secret: azure.admin.clientSecret,
        scope,
      }).toString(),
    });
    return ((await answer.body.json()) as { access_token: string }).access_token;
  };
  // The first token waits for the RSA key, which is part of the start.
  await logIn(`${azure.url}/.default`);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    azure.control.clearRequests();
    const name = `bench-${run}`;
    const arm = await logIn(`${azure.url}/arm/.default`);
    await call("GET", "/subscriptions?api-version=2022-12-01", arm);
    const graph = await logIn(`${azure.url}/.default`);
    await call("GET", `/v1.0/servicePrincipals?$filter=displayName%20eq%20'${name}'`, graph);
    await call("GET", `/v1.0/applications?$filter=startswith(displayName,'${name}')`, graph);
    const application = await call("POST", "/v1.0/applications", graph, {
      displayName: name,
      keyCredentials: [],
    });
    await call("POST", `/v1.0/applications/${application.id}/addPassword`, graph, {
      passwordCredential: { displayName: "rbac" },
    });
    const principal = await call("POST", "/v1.0/servicePrincipals", graph, {
      appId: application.appId,
      accountEnabled: true,
    });
    const roles = `${authorization}/roleDefinitions?$filter=roleName%20eq%20'Contributor'&api-version=2022-05-01-preview`;
    await call("GET", roles, arm);
    await call("PUT", `${authorization}/roleAssignments/${principal.id}?api-version=2022-04-01`, arm, {
      properties: {
        principalId: principal.id,
        principalType: "ServicePrincipal",
        roleDefinitionId: `/subscriptions/${azure.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${CONTRIBUTOR}`,
      },
    });
    times.push(azure.control.requests().reduce((sum, { ms }) => sum + ms, 0));
  }
  await agent.close();
  await azure.close();
  return median(times);
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]!;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: "string", default: "5" } } });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new RangeError(`--runs must be a positive whole number. Received ${values.runs}.`);
  const rows = [
    { what: "ready after start", figure: await measureStart(runs), unit: "ms", target: 1000, atMost: true },
    {
      what: "token requests, one core",
      figure: await measureTokens(),
      unit: "/s",
      target: 200,
      atMost: false,
    },
    {
      what: "create-for-rbac in the server",
      figure: await measureCreateForRbac(runs),
      unit: "ms",
      target: 50,
      atMost: true,
    },
  ];
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} cores${hasTaskset ? "" : "; the server was not kept on one core"}\n`,
  );
  for (const { what, figure, unit, target, atMost } of rows) {
    const ratio = (figure / target).toFixed(2);
    const isMet = atMost ? figure <= target : figure >= target;
    process.stdout.write(
      `${what.padEnd(32)}${figure.toFixed(1).padStart(9)} ${unit.padEnd(4)} ${atMost ? "at most" : "at least"} ${target}: ratio ${ratio} ${isMet ? "met" : "MISSED"}\n`,
    );
    if (!isMet) process.exitCode = 1;
  }
}

void main();
