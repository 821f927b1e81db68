import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { networkInterfaces } from "node:os";
import tls from "node:tls";
import { ProxyAgent, request } from "undici";
import { ok, useRig } from "./rig";

const PUBLIC_HOSTS = [
  "login.microsoftonline.com",
  "login.windows.net",
  "graph.microsoft.com",
  "management.azure.com",
  "management.core.windows.net",
];

/** The status line that the proxy answers to these bytes. */
function say(proxyUrl: string, text: string): Promise<string> {
  const { port } = new URL(proxyUrl);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), "127.0.0.1", () => socket.write(text));
    socket.once("data", (chunk: Buffer) => {
      resolve(chunk.toString().split("\r\n")[0]!);
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => resolve("closed"));
  });
}

describe("local Azure: the CONNECT proxy", () => {
  const rig = useRig();
  const connect = (target: string) =>
    say(rig.azure.proxyUrl, `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);

  for (const host of PUBLIC_HOSTS)
    it(`leads ${host} to the local Azure, whose certificate names it`, async () => {
      const dispatcher = new ProxyAgent({ uri: rig.azure.proxyUrl, requestTls: { ca: rig.azure.caPem } });
      try {
        const path = host.startsWith("login") ? "/common/discovery/instance" : "/nowhere";
        const answer = await request(`https://${host}${path}`, { dispatcher });
        await answer.body.dump();
        assert.equal(answer.statusCode, host.startsWith("login") ? 200 : 501);
      } finally {
        await dispatcher.close();
      }
    });

  it("leads the direct address there too, because token endpoints can name it", async () => {
    const { host, port } = new URL(rig.azure.url);
    assert.match(await connect(host), / 200 /);
    assert.match(await connect(`127.0.0.1:${port}`), / 200 /);
    assert.match(await connect("GRAPH.microsoft.com:443"), / 200 /);
  });

  for (const target of [
    "example.com:443",
    "graph.microsoft.com:80",
    "graph.microsoft.com.example.com:443",
    "evil.graph.microsoft.com:443",
    "graph.microsoft.com",
    "127.0.0.1:22",
    "169.254.169.254:80",
    "[::1]:443",
    "",
  ])
    it(`refuses CONNECT to "${target}"`, async () => {
      assert.match(await connect(target), /^HTTP\/1\.1 40[03] /);
    });

  it("answers 403 to another host, so that nothing can leave the machine", async () => {
    assert.equal(await connect("api.github.com:443"), "HTTP/1.1 403 Forbidden");
  });

  it("refuses plain HTTP, also to a host that it knows", async () => {
    for (const line of [
      "GET http://graph.microsoft.com/v1.0 HTTP/1.1",
      "GET / HTTP/1.1",
      "POST http://x/ HTTP/1.1",
    ])
      assert.equal(
        await say(rig.azure.proxyUrl, `${line}\r\nHost: x\r\n\r\n`),
        "HTTP/1.1 405 Method Not Allowed",
      );
  });

  it("refuses oversized headers and what is no HTTP, and goes on", async () => {
    const long = `CONNECT graph.microsoft.com:443 HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_000)}\r\n\r\n`;
    assert.equal(await say(rig.azure.proxyUrl, long), "HTTP/1.1 431 Request Header Fields Too Large");
    assert.equal(await say(rig.azure.proxyUrl, "NONSENSE\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    assert.match(await connect("graph.microsoft.com:443"), / 200 /);
  });

  it("survives clients that vanish", async () => {
    const { port } = new URL(rig.azure.proxyUrl);
    await Promise.all(
      Array.from(
        { length: 20 },
        () =>
          new Promise<void>((resolve) => {
            const socket = net.connect(Number(port), "127.0.0.1", () => {
              socket.write("CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n");
              socket.resetAndDestroy();
            });
            socket.on("error", () => undefined).on("close", () => resolve());
          }),
      ),
    );
    assert.match(await connect("graph.microsoft.com:443"), / 200 /);
  });
});

describe("local Azure: who can reach it", () => {
  const rig = useRig();

  it("listens on loopback only", async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === "IPv4");
    for (const { address } of others)
      for (const url of [rig.azure.url, rig.azure.proxyUrl])
        await assert.rejects(reach(address, Number(new URL(url).port)), { code: "ECONNREFUSED" });
    for (const url of [rig.azure.url, rig.azure.proxyUrl])
      await reach("127.0.0.1", Number(new URL(url).port));
  });

  it("refuses clients that do not trust its CA", async () => {
    await assert.rejects(request(rig.azure.url), { code: /UNABLE_TO_VERIFY|SELF_SIGNED/ });
  });

  it("shows a certificate that Python 3.11, Go and Node accept", async () => {
    const { port } = new URL(rig.azure.url);
    const certificate = await new Promise<tls.PeerCertificate>((resolve, reject) => {
      const options = { host: "127.0.0.1", port: Number(port), servername: "localhost", ca: rig.azure.caPem };
      const socket = tls.connect(options, () => {
        resolve(socket.getPeerCertificate());
        socket.destroy();
      });
      socket.on("error", reject);
    });
    assert.deepEqual(certificate.ext_key_usage, ["1.3.6.1.5.5.7.3.1"]);
    const hosts = [
      "localhost",
      ...PUBLIC_HOSTS,
      "*.vault.azure.net",
      "*.vault.localhost",
      "*.blob.core.windows.net",
    ];
    const names = [...hosts.map((host) => `DNS:${host}`), "IP Address:127.0.0.1"];
    assert.deepEqual(certificate.subjectaltname?.split(", "), names);
  });

  it("names the public host in its answers to those who asked it there", async () => {
    const path = `/${rig.azure.tenantId}/v2.0/.well-known/openid-configuration`;
    const body = ok(await rig.call("GET", path, { headers: { host: "login.microsoftonline.com" } }));
    assert.equal(body.issuer, `https://login.microsoftonline.com/${rig.azure.tenantId}/v2.0`);
    assert.ok(body.token_endpoint.startsWith("https://login.microsoftonline.com/"));
  });

  it("answers nothing to plain HTTP", async () => {
    const { port } = new URL(rig.azure.url);
    await assert.rejects(
      new Promise((resolve, reject) => {
        http.get({ host: "127.0.0.1", port, path: "/" }, resolve).on("error", reject);
      }),
    );
  });
});

function reach(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host, () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });
}
