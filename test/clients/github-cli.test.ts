import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createProxy } from "node:http";
import { createServer, type Server } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Gh, isKnownHost } from "../../cli/tools/gh";
import { rememberingIo } from "../cli/remembering-io";
import { obtainLanguageTool } from "../support/language-tools";
import { skipUnlessAvailable } from "./availability";

/** What reached which host, and with whose token. */
interface Request {
  host: string;
  path: string;
  token: string | undefined;
}

/** The part of GitHub's API that `gh` is asked for here, of a repository with 130 environments. */
function answer(url: URL): object | undefined {
  const api = url.pathname.replace(/^\/api\/v3/, "");
  if (api === "/repos/octocat/training") return REPOSITORY;
  if (api !== "/repos/octocat/training/environments") return undefined;
  const [page, size] = [Number(url.searchParams.get("page")), Number(url.searchParams.get("per_page"))];
  const all = Array.from({ length: 130 }, (_, index) => ({
    name: index === 120 ? "production" : `pr-preview-${index}`,
  }));
  return { total_count: all.length, environments: all.slice((page - 1) * size, page * size) };
}

const REPOSITORY = {
  ...{
    id: 1296269,
    name: "training",
    created_at: "2024-03-01T10:00:00Z",
    private: true,
    default_branch: "main",
  },
  owner: { id: 583231, login: "octocat", type: "User" },
};

describe("What the real gh sends to whom", function () {
  this.timeout(600_000);
  let folder: string;
  let server: Server;
  let proxy: ReturnType<typeof createProxy>;
  let requests: Request[] = [];
  let env: Record<string, string>;

  before(async function () {
    const gh = await skipUnlessAvailable(this, "gh", () => obtainLanguageTool("gh"));
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), "himl-gh-")));
    const [key, certificate] = [path.join(folder, "key.pem"), path.join(folder, "ca.pem")];
    const hosts = ["api.github.com", "github.contoso.com", "codeberg.org"].map((host) => `DNS:${host}`);
    const about = ["-subj", "/CN=recording", "-addext", `subjectAltName=${hosts.join(",")}`];
    const made = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      key,
      "-out",
      certificate,
    ];
    execFileSync("openssl", [...made, ...about], { stdio: "pipe" });
    server = createServer(
      { key: readFileSync(key), cert: readFileSync(certificate) },
      (request, response) => {
        const host = request.headers.host ?? "";
        requests.push({ host, path: request.url ?? "", token: request.headers.authorization });
        const body = answer(new URL(request.url ?? "", `https://${host}`));
        response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
        response.end(JSON.stringify(body ?? { message: "Not Found" }));
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // Every host is this server: nothing leaves the machine.
    proxy = createProxy().on("connect", (_request, client) => {
      const upstream = connect((server.address() as AddressInfo).port, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    env = {
      PATH: path.dirname(gh),
      HOME: folder,
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      SSL_CERT_FILE: certificate,
    };
  });
  beforeEach(() => (requests = []));
  after(() => {
    server?.close();
    proxy?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const io = (more: Record<string, string>) => rememberingIo({ env: { ...env, ...more } });

  it("a repository of github.com is asked for there, whatever host the user prefers", async () => {
    const preferring = {
      GH_HOST: "github.contoso.com",
      GH_REPO: "evil/other",
      GH_TOKEN: "of-github",
      GH_ENTERPRISE_TOKEN: "of-contoso",
    };
    const { id } = await new Gh(io(preferring)).repository("octocat/training");
    assert.equal(id, 1296269);
    assert.deepEqual(requests, [
      { host: "api.github.com", path: "/repos/octocat/training", token: "token of-github" },
    ]);
  });

  it("all pages of the environments are read, and nothing that changes its output reaches it", async () => {
    const loud = {
      GH_TOKEN: "t",
      GH_FORCE_TTY: "80",
      CLICOLOR_FORCE: "1",
      GH_DEBUG: "api",
      GH_PAGER: "cat -n",
    };
    const environments = await new Gh(io(loud)).environments("octocat/training");
    assert.equal(environments.length, 130);
    assert.equal(environments[120], "production");
    assert.equal(requests.length, 2);
  });

  it("a server of one's own is asked with its own token", async () => {
    const both = { GH_TOKEN: "of-github", GH_ENTERPRISE_TOKEN: "of-contoso" };
    await new Gh(io(both), "github.contoso.com").repository("octocat/training");
    assert.deepEqual(requests, [
      { host: "github.contoso.com", path: "/api/v3/repos/octocat/training", token: "token of-contoso" },
    ]);
  });

  it("a host is known by gh's own login, not by a token of the environment; nobody is asked", async () => {
    const token = { GH_ENTERPRISE_TOKEN: "secret", GITHUB_TOKEN: "secret" };
    assert.equal(await isKnownHost(io(token), "codeberg.org"), false);
    assert.equal(await isKnownHost(io(token), "github.com"), true);
    assert.equal(await isKnownHost(io(token), "contoso.ghe.com"), true);
    const settings = path.join(folder, "gh");
    mkdirSync(settings, { recursive: true });
    writeFileSync(
      path.join(settings, "hosts.yml"),
      "github.contoso.com:\n    user: ada\n    oauth_token: x\n",
    );
    assert.equal(await isKnownHost(io({ GH_CONFIG_DIR: settings }), "github.contoso.com"), true);
    assert.deepEqual(requests, []);
  });

  it("without a login, the message names the host", async () => {
    await assert.rejects(new Gh(io({})).repository("octocat/training"), {
      code: "GH_NOT_LOGGED_IN",
      message: "The `gh` command must be logged in to github.com. It is not.",
    });
    assert.deepEqual(requests, []);
  });
});
