import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request } from "undici";
import { start as startProgram } from "../../cli/tools/process";

const ROOT = join(__dirname, "..", "..");
const MAIN = join(ROOT, "local-azure", "main.ts");

/** What the command prints. */
interface Started {
  readonly url: string;
  readonly proxyUrl: string;
  readonly caFile: string;
  readonly tenantId: string;
  readonly admin: { readonly clientId: string; readonly clientSecret: string; readonly objectId: string };
  readonly direct: Record<string, string>;
  readonly public: Record<string, string>;
}

describe("local Azure: the command", function () {
  this.timeout(60_000);
  let folder: string;
  let children: ChildProcess[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "azure-command-"));
    children = [];
  });

  afterEach(() => {
    for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs the command with a temporary folder of its own, so that what it leaves behind is seen. */
  function run(...args: string[]): ChildProcess {
    const nodeArgs = ["-r", "ts-node/register/transpile-only", MAIN, ...args];
    const env = { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder, TS_NODE_CWD: ROOT };
    const child = startProgram(process.execPath, nodeArgs, {
      cwd: ROOT,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    return child;
  }

  /** What is in the temporary folder, without the cache that ts-node's own loader keeps there. */
  const leftovers = () => readdirSync(folder).filter((name) => !name.startsWith("v8-compile-cache"));

  async function firstLine(child: ChildProcess): Promise<string> {
    let text = "";
    for await (const chunk of child.stdout!) {
      text += String(chunk);
      if (text.includes("\n")) break;
    }
    assert.ok(text.endsWith("\n") && text.indexOf("\n") === text.length - 1, "stdout must hold one line");
    return text;
  }

  const start = async (...args: string[]) => {
    const child = run(...args);
    return { child, started: JSON.parse(await firstLine(child)) as Started };
  };

  it("prints one JSON line with everything that a client needs, serves, and leaves nothing behind", async () => {
    const { child, started } = await start("--seed", "test");
    assert.deepEqual(Object.keys(started), [
      "url",
      "proxyUrl",
      "caFile",
      "tenantId",
      "subscriptionId",
      "resourceGroup",
      "workspaceName",
      "admin",
      "direct",
      "public",
    ]);
    const agent = new Agent({ connect: { ca: readFileSync(started.caFile, "utf8") } });
    const answer = await request(`${started.url}/metadata/endpoints?api-version=2022-09-01`, {
      dispatcher: agent,
    });
    await answer.body.dump();
    assert.equal(answer.statusCode, 200);
    await agent.destroy();
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    if (process.platform !== "win32") {
      assert.equal(code, 0);
      assert.deepEqual(leftovers(), []);
    }
    assert.ok(!existsSync(started.caFile) || process.platform === "win32");
    await assert.rejects(reach(Number(new URL(started.url).port)), { code: "ECONNREFUSED" });
    await assert.rejects(reach(Number(new URL(started.proxyUrl).port)), { code: "ECONNREFUSED" });
  });

  it("describes two complete ways in: direct without a proxy, public with proxy and CA alone", async () => {
    const { started } = await start();
    const trust = {
      SSL_CERT_FILE: started.caFile,
      NODE_EXTRA_CA_CERTS: started.caFile,
      REQUESTS_CA_BUNDLE: started.caFile,
    };
    assert.deepEqual(started.public, {
      ...trust,
      HTTPS_PROXY: started.proxyUrl,
      https_proxy: started.proxyUrl,
      NO_PROXY: "127.0.0.1,localhost",
      no_proxy: "127.0.0.1,localhost",
    });
    const { ARM_METADATA_HOSTNAME, AZURE_AUTHORITY_HOST, ARM_CLIENT_ID, AZURE_TENANT_ID } = started.direct;
    assert.deepEqual(
      { ARM_METADATA_HOSTNAME, AZURE_AUTHORITY_HOST, ARM_CLIENT_ID, AZURE_TENANT_ID },
      {
        ARM_METADATA_HOSTNAME: new URL(started.url).host,
        AZURE_AUTHORITY_HOST: started.url,
        ARM_CLIENT_ID: started.admin.clientId,
        AZURE_TENANT_ID: started.tenantId,
      },
    );
    assert.ok(Object.keys(started.direct).every((name) => !/proxy/i.test(name)));
  });

  it("prints the same IDs and secrets for the same seed", async () => {
    const runs = await Promise.all([start("--seed", "one"), start("--seed", "one"), start()]);
    const [one, again, other] = runs.map(({ started: { tenantId, admin } }) =>
      JSON.stringify({ tenantId, admin }),
    );
    assert.equal(again, one);
    assert.notEqual(other, one);
  });

  it("listens on the port that it is given, and says when it is taken", async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    const child = run("--port", String(port));
    let errors = "";
    child.stderr!.on("data", (chunk) => (errors += String(chunk)));
    const [code] = (await once(child, "exit")) as [number];
    server.close();
    await once(server, "close");
    assert.equal(code, 1);
    assert.match(errors, /EADDRINUSE/);
    assert.deepEqual(leftovers(), []);
    assert.equal((await start("--port", String(port))).started.url, `https://localhost:${port}`);
  });

  async function runToEnd(...args: string[]) {
    const child = run(...args);
    let [out, errors] = ["", ""];
    child.stdout!.on("data", (chunk) => (out += String(chunk)));
    child.stderr!.on("data", (chunk) => (errors += String(chunk)));
    const [code] = (await once(child, "close")) as [number];
    return { code, out, errors };
  }

  for (const args of [
    ["--port", "x"],
    ["--port", "65536"],
    ["--latency=-1"],
    ["--replication-lag", "1.5"],
    ["--what"],
    ["x"],
  ])
    it(`exits with 2 and its usage for ${args.join(" ")}`, async () => {
      const { code, out, errors } = await runToEnd(...args);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(errors, /Usage: npm run --silent local-azure/);
    });

  it("prints its usage on stdout for --help, and ends", async () => {
    const { code, out, errors } = await runToEnd("--help");
    assert.deepEqual([code, errors], [0, ""]);
    assert.match(out, /^Usage: npm run --silent local-azure/);
  });

  if (process.platform !== "win32")
    for (const ms of [150, 400, 700, 1000])
      it(`leaves nothing behind when it is killed ${ms} ms after its start`, async () => {
        const child = run();
        await new Promise((resolve) => setTimeout(resolve, ms));
        child.kill(ms === 400 ? "SIGINT" : "SIGTERM");
        await once(child, "exit");
        assert.deepEqual(leftovers(), []);
      });

  if (process.platform !== "win32")
    it("stops when npm's shell is gone, which tells its child nothing", async () => {
      const command = `"${process.execPath}" -r ts-node/register/transpile-only "${MAIN}"; true`;
      const env = { ...process.env, TMPDIR: folder, npm_lifecycle_event: "azure" };
      const shell = startProgram("sh", ["-c", command], {
        cwd: ROOT,
        env,
        stdio: ["ignore", "pipe", "inherit"],
      });
      children.push(shell);
      const { url } = JSON.parse(await firstLine(shell)) as Started;
      shell.kill("SIGKILL");
      const port = Number(new URL(url).port);
      for (let attempt = 0; attempt < 100 && (await isOpen(port)); attempt++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(await isOpen(port), false);
      for (let attempt = 0; attempt < 100 && leftovers().length > 0; attempt++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      assert.deepEqual(leftovers(), []);
    });
});

function reach(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });
}

async function isOpen(port: number): Promise<boolean> {
  try {
    await reach(port);
    return true;
  } catch {
    return false;
  }
}
