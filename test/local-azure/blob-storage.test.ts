import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { ProxyAgent, request } from "undici";
import { type LocalAzure, startLocalAzure } from "../../local-azure/local-azure";

/** What stands behind is not Azurite here: whether Azurite is asked at all is what these tests are about. */
describe("local Azure: the hosts of Blob Storage", () => {
  let azure: LocalAzure;
  let dispatcher: ProxyAgent;
  let behind: http.Server;
  const asked: string[] = [];

  before(async () => {
    behind = http.createServer(({ method, url, headers }, response) => {
      asked.push(`${method} ${headers.host} ${url}`);
      response.end("a blob");
    });
    await new Promise<void>((resolve) => behind.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
    azure = await startLocalAzure({ blobStorage: { url } });
    dispatcher = new ProxyAgent({ uri: azure.proxyUrl, requestTls: { ca: azure.caPem } });
  });

  after(async () => {
    await dispatcher?.close();
    await azure?.close();
    behind.close();
  });

  async function send(method: "GET" | "PUT", token?: string): Promise<string> {
    const { statusCode, headers, body } = await request(
      "https://himlstate.blob.core.windows.net/state/a%2Fb",
      {
        ...{ dispatcher, method },
        headers: token === undefined ? {} : { authorization: token },
      },
    );
    await body.dump();
    return `${statusCode} ${String(headers["x-ms-error-code"] ?? "")}`.trim();
  }

  async function caller(role: string, audience = "https://storage.azure.com"): Promise<string> {
    const { clientId, clientSecret } = azure.control.createCaller({ displayName: "caller", role });
    const login = "https://login.microsoftonline.com";
    const { body } = await request(`${login}/${azure.tenantId}/oauth2/v2.0/token`, {
      ...{ dispatcher, method: "POST" },
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        ...{ grant_type: "client_credentials", scope: `${audience}/.default` },
        ...{ client_id: clientId, client_secret: clientSecret },
      }).toString(),
    });
    return `Bearer ${((await body.json()) as { access_token: string }).access_token}`;
  }

  it("a caller with the role reaches Azurite, with host and path as they were sent", async () => {
    assert.equal(await send("PUT", await caller("Storage Blob Data Contributor")), "200");
    assert.deepEqual(asked.splice(0), ["PUT himlstate.blob.core.windows.net /state/a%2Fb"]);
  });

  it("no token, an account key, another audience, a forged signature and a missing role are refused", async () => {
    const contributor = await caller("Storage Blob Data Contributor");
    assert.equal(await send("GET"), "401 NoAuthenticationInformation");
    assert.equal(await send("GET", "SharedKey himlstate:abc"), "403 AuthenticationFailed");
    const vault = await caller("Storage Blob Data Contributor", "https://vault.azure.net");
    assert.equal(await send("GET", vault), "401 InvalidAuthenticationInfo");
    assert.equal(await send("GET", `${contributor.slice(0, -9)}AAAAAAAAA`), "401 InvalidAuthenticationInfo");
    assert.equal(await send("GET", await caller("Owner")), "403 AuthorizationPermissionMismatch");
    const reader = await caller("Storage Blob Data Reader");
    assert.equal(await send("PUT", reader), "403 AuthorizationPermissionMismatch");
    assert.deepEqual(asked.splice(0), []);
    assert.equal(await send("GET", reader), "200");
  });
});
