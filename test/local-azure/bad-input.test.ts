import assert from "node:assert/strict";
import net from "node:net";
import tls from "node:tls";
import * as jose from "jose";
import {
  ARM_SCOPE,
  BAD_REQUEST,
  DENIED,
  GRAPH_SCOPE,
  ok,
  READER,
  refused,
  refusedToken,
  Rig,
  UNAUTHORIZED,
  UNKNOWN_ID,
  useRig,
} from "./rig";

const JSON_TYPE = { "content-type": "application/json" };
const UNREADABLE =
  "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.";

describe("local Azure: bad bodies", () => {
  const rig = useRig();
  const graphToken = () => rig.token(GRAPH_SCOPE);

  // Whatever came in, the next caller is served as if nothing had happened.
  afterEach(async () => {
    ok(await rig.graph("GET", "/applications"));
    ok(await rig.arm("GET", rig.workspace));
  });

  const deep = `{"displayName":"a","api":{"x":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`;
  for (const [what, raw] of [
    ["cut off", '{"displayName":'],
    ["empty", ""],
    ["a list", "[]"],
    ["a number", "1"],
    ["null", "null"],
    ["no UTF-8", Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ["100,000 levels deep", deep],
  ] as const)
    it(`Graph refuses JSON that is ${what}`, async () => {
      const token = await graphToken();
      refused(
        await rig.call("POST", "/v1.0/applications", { token, raw, headers: JSON_TYPE }),
        "400 BadRequest",
        UNREADABLE,
      );
    });

  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/xml", undefined])
    it(`Graph refuses a body declared as ${type}`, async () => {
      const token = await graphToken();
      const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
      const answer = await rig.call("POST", "/v1.0/applications", {
        token,
        raw: '{"displayName":"a"}',
        headers,
      });
      refused(answer, "400 BadRequest", UNREADABLE);
    });

  for (const [body, message] of [
    [{ displayName: 1 }, "Cannot convert the literal '1' to the expected type 'Edm.String'."],
    [{ displayName: ["a"] }, "Invalid value specified for property 'displayName' of resource 'Application'."],
    [
      { displayName: "a", tags: "b" },
      "Invalid value specified for property 'tags' of resource 'Application'.",
    ],
    [{ displayName: "a", tags: [1] }, "Cannot convert the literal '1' to the expected type 'Edm.String'."],
    [
      { displayName: "a", isFallbackPublicClient: "yes" },
      "Cannot convert the literal 'yes' to the expected type 'Edm.Boolean'.",
    ],
    [{ displayName: "a", web: 1 }, "Invalid value specified for property 'web' of resource 'Application'."],
    [
      { displayName: "a".repeat(257) },
      "Invalid value specified for property 'displayName' of resource 'Application'.",
    ],
  ] as const)
    it(`Graph refuses ${JSON.stringify(body).slice(0, 60)} [?]`, async () => {
      refused(await rig.graph("POST", "/applications", body), BAD_REQUEST, message);
    });

  it("Graph refuses wrong types in calls on credentials [?]", async () => {
    const { id } = await rig.createApplication();
    refused(
      await rig.graph("POST", `/applications/${id}/removePassword`, { keyId: "abc" }),
      BAD_REQUEST,
      "Cannot convert the literal 'abc' to the expected type 'Edm.Guid'.",
    );
    refused(
      await rig.graph("POST", `/applications/${id}/addPassword`, {
        passwordCredential: { endDateTime: "soon" },
      }),
      BAD_REQUEST,
      "Cannot convert the literal 'soon' to the expected type 'Edm.DateTimeOffset'.",
    );
  });

  it("Resource Manager refuses malformed JSON, another type and wrong types", async () => {
    const token = await rig.token(ARM_SCOPE);
    const path = `${rig.group}/providers/Microsoft.Authorization/roleAssignments/${UNKNOWN_ID}?api-version=2022-04-01`;
    const put = (raw: string, headers: Record<string, string>) =>
      rig.call("PUT", path, { token, raw, headers });
    const content = /^The request content was invalid and could not be deserialized: '/;
    refused(await put("{", JSON_TYPE), "400 InvalidRequestContent", content);
    for (const body of [{}, { properties: [] }, { properties: { principalId: 1, roleDefinitionId: "x" } }])
      refused(await put(JSON.stringify(body), JSON_TYPE), "400 InvalidRequestContent", content);
  });

  it("Resource Manager refuses a body that is not declared as JSON with 415 [?]", async () => {
    const token = await rig.token(ARM_SCOPE);
    const path = `${rig.group}?api-version=2022-12-01`;
    for (const [type, shown] of [
      ["text/plain", "text/plain"],
      [undefined, "<null>"],
    ] as const)
      refused(
        await rig.call("PATCH", path, {
          token,
          raw: "{}",
          headers: type === undefined ? {} : { "content-type": type },
        }),
        "415 UnsupportedMediaType",
        `The content media type '${shown}' is not supported. Only 'application/json' is supported.`,
      );
  });

  it("the token service misses what it cannot read", async () => {
    const path = `/${rig.azure.tenantId}/oauth2/v2.0/token`;
    const form = "grant_type=client_credentials&client_id=x";
    for (const [raw, headers] of [
      ["", {}],
      [form, { "content-type": "text/plain" }],
      ['{"grant_type":"client_credentials"}', JSON_TYPE],
    ] as const) {
      const answer = await rig.call("POST", path, { raw, headers });
      refusedToken(answer, 400, "invalid_request", 900144);
      assert.match(answer.body.error_description, /following parameter: 'grant_type'/);
    }
  });

  for (const [what, path, scope] of [
    ["Graph [?]", "/v1.0/applications", GRAPH_SCOPE],
    ["Resource Manager", "/subscriptions", ARM_SCOPE],
  ] as const)
    it(`${what} refuses a body of 10 MB`, async () => {
      const token = await rig.token(scope);
      const raw = Buffer.alloc(10 * 1024 * 1024, "x");
      const answer = await rig.call("POST", path, { token, raw, headers: JSON_TYPE });
      refused(
        answer,
        "413 RequestContentTooLarge",
        "The request content size exceeds the maximum size of 4 MB.",
      );
    });

  it("the token service refuses a body of 10 MB", async () => {
    const path = `/${rig.azure.tenantId}/oauth2/v2.0/token`;
    const raw = Buffer.alloc(10 * 1024 * 1024, "x");
    assert.equal((await rig.call("POST", path, { raw })).status, 413);
  });
});

describe("local Azure: IDs that are no GUIDs, and odd paths", () => {
  const rig = useRig();

  for (const id of ["abc", "%00", "..%2f..", "%2e%2e%2fapplications", "'; drop", "x".repeat(1000)])
    it(`Graph refuses the object ID ${id.slice(0, 30)} [?]`, async () => {
      for (const collection of ["applications", "servicePrincipals"])
        refused(
          await rig.graph("GET", `/${collection}/${encodeURI(id).replaceAll("%25", "%")}`),
          BAD_REQUEST,
          /^Invalid object identifier '/,
        );
    });

  it("Resource Manager refuses a subscription ID that is no GUID", async () => {
    for (const id of ["abc", "..%2f..", "%27"])
      refused(
        await rig.arm("GET", `/subscriptions/${id}`),
        "400 InvalidSubscriptionId",
        /malformed or invalid/,
      );
  });

  it("resolves `..` before it looks for a route, encoded or not [?]", async () => {
    const token = await rig.token(GRAPH_SCOPE);
    for (const path of [
      "/v1.0/applications/../servicePrincipals",
      "/v1.0/applications/%2e%2e/servicePrincipals",
    ]) {
      const text = await rawRequest(rig, `GET ${path} HTTP/1.1`, token);
      assert.match(text, /^HTTP\/1\.1 200 /);
      assert.match(text, /metadata#servicePrincipals/);
    }
    assert.match(await rawRequest(rig, "GET /../../../etc/passwd HTTP/1.1", token), /^HTTP\/1\.1 501 /);
  });

  it("an encoded slash stays in its part of the path [?]", async () => {
    const group = `/subscriptions/${rig.azure.subscriptionId}/resourceGroups/rg-ml%2Fproviders`;
    refused(await rig.arm("GET", group), "404 ResourceGroupNotFound", /'rg-ml\/providers'/);
  });

  it("answers a path that cannot be decoded with 400", async () => {
    const text = await rawRequest(rig, "GET /v1.0/applications/%zz HTTP/1.1", await rig.token(GRAPH_SCOPE));
    assert.match(text, /^HTTP\/1\.1 400 /);
  });

  it("answers an unknown route with 501, its method and its path, on every host", async () => {
    for (const [method, path] of [
      ["GET", "/v1.0/nothing"],
      ["POST", "/v1.0/$batch"],
      ["PUT", "/v1.0/applications"],
      ["GET", "/"],
      ["DELETE", rig.workspace],
      ["GET", `/${rig.azure.tenantId}/oauth2/v2.0/authorize`],
    ] as const) {
      const answer = await rig.call(method, path);
      assert.equal(answer.status, 501, `${method} ${path}`);
      assert.ok(answer.text.includes(`${method} ${path} is not implemented`), answer.text);
    }
    const elsewhere = await rig.call("GET", "/v1.0/applications", {
      headers: { host: "management.azure.com" },
    });
    refused(elsewhere, "501 NotImplemented");
  });

  it("survives a Host header that is no host", async () => {
    for (const host of ["%%%", "a b", "[", "evil.example:99999999", ""])
      assert.match(await rawRequest(rig, "GET /v1.0/nothing HTTP/1.1", "", host), /^HTTP\/1\.1 501 /);
  });

  it("survives what is no HTTP at all", async () => {
    assert.match(await rawRequest(rig, "NONSENSE"), /^HTTP\/1\.1 400 /);
    await new Promise((resolve) => {
      const socket = net.connect(Number(new URL(rig.azure.url).port), "127.0.0.1", () =>
        socket.end("no TLS\r\n\r\n"),
      );
      socket.on("close", resolve).on("error", () => undefined);
    });
    ok(await rig.graph("GET", "/applications"));
  });
});

describe("local Azure: missing and forged tokens", () => {
  const rig = useRig();
  const graph = (token?: string) =>
    rig.call("GET", "/v1.0/applications", token === undefined ? {} : { token });
  const arm = (token?: string) =>
    rig.call("GET", "/subscriptions?api-version=2022-12-01", token === undefined ? {} : { token });

  async function forge(key: Parameters<jose.SignJWT["sign"]>[0], alg: string): Promise<string> {
    const claims = jose.decodeJwt(await rig.token(GRAPH_SCOPE));
    return new jose.SignJWT(claims).setProtectedHeader({ alg, typ: "JWT", kid: "local-azure-1" }).sign(key);
  }

  async function refuseEverywhere(token: string): Promise<void> {
    refused(await graph(token), "401 InvalidAuthenticationToken");
    const answer = await arm(token);
    refused(answer, "401 InvalidAuthenticationToken", "The access token is invalid.");
    assert.match(
      String(answer.headers["www-authenticate"]),
      new RegExp(`^Bearer authorization_uri="${rig.azure.url}/${rig.azure.tenantId}", error="invalid_token"`),
    );
    assert.doesNotMatch(String(answer.headers["www-authenticate"]), /claims=/);
    assert.equal(answer.headers["retry-after"], undefined);
  }

  it("no token", async () => {
    refused(await graph(), "401 InvalidAuthenticationToken", "Access token is empty.");
    refused(
      await arm(),
      "401 AuthenticationFailed",
      "Authentication failed. The 'Authorization' header is missing.",
    );
  });

  it("no JWT", () => refuseEverywhere("abc"));

  it("alg none", async () => {
    const [, payload] = (await rig.token(GRAPH_SCOPE)).split(".");
    const header = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
    await refuseEverywhere(`${header}.${payload}.`);
  });

  it("wrong key", async () => {
    await refuseEverywhere(await forge((await jose.generateKeyPair("RS256")).privateKey, "RS256"));
  });

  it("the public key as an HMAC secret", async () => {
    const keys = ok(await rig.call("GET", `/${rig.azure.tenantId}/discovery/v2.0/keys`));
    await refuseEverywhere(await forge(Buffer.from(JSON.stringify(keys)), "HS256"));
  });

  it("changed claims", async () => {
    const [header, , signature] = (await rig.token(GRAPH_SCOPE)).split(".");
    const claims = { ...jose.decodeJwt(await rig.token(GRAPH_SCOPE)), oid: UNKNOWN_ID };
    const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
    await refuseEverywhere(`${header}.${payload}.${signature}`);
  });

  it("another tenant's token, and its own refused there", async () => {
    const other = await Rig.start();
    try {
      await refuseEverywhere(await other.token(ARM_SCOPE));
      const answer = await other.call("GET", "/v1.0/applications", { token: await rig.token(GRAPH_SCOPE) });
      refused(answer, "401 InvalidAuthenticationToken");
    } finally {
      await other.close();
    }
  });

  it("expired, by the machine's clock", async () => {
    const now = Date.now;
    let token: string;
    try {
      Date.now = () => now() - 2 * 3_600_000;
      token = (await rig.logIn(rig.azure.admin, `${rig.azure.url}/.default`)).body.access_token;
    } finally {
      Date.now = now;
    }
    const text = "Access token has expired or is not yet valid.";
    refused(await graph(token), "401 InvalidAuthenticationToken", text);
    refused(
      await arm(token),
      "401 ExpiredAuthenticationToken",
      /^The access token expiry UTC time '20[^']+Z' is earlier than current UTC time '20[^']+Z'\.$/,
    );
  });

  it("another audience [?]", async () => {
    refused(
      await graph(await rig.token(ARM_SCOPE)),
      "401 InvalidAuthenticationToken",
      "Access token validation failure. Invalid audience.",
    );
    refused(
      await arm(await rig.token(GRAPH_SCOPE)),
      "401 InvalidAuthenticationTokenAudience",
      /^The access token has been obtained for wrong audience or resource 'https:\/\/graph\.microsoft\.com'\./,
    );
  });

  it("a token for the server's own address opens both, because azuread and az ask for that", async () => {
    const token = await rig.token(`${rig.azure.url}/.default`);
    ok(await graph(token));
    ok(await arm(token));
  });

  it("a caller that is no admin cannot open the control API", async () => {
    const caller = rig.azure.control.createCaller({ displayName: "c", role: "Owner" });
    const token = await rig.token(ARM_SCOPE, caller);
    refused(await rig.call("GET", "/_local/state", { token }), "403 NotAdmin");
    refused(await rig.call("GET", "/_local/state"), "401 TokenMissing");
    refused(await rig.call("POST", "/_local/reset", { token: "a.b.c" }), "401 TokenRefused");
  });

  it("rights on one thing are none on another", async () => {
    const reader = rig.azure.control.createCaller({ displayName: "r", role: "Reader" });
    refused(await rig.graph("GET", "/applications", undefined, reader), DENIED);
    refused(await rig.assign(reader.objectId, READER, rig.group, {}, UNKNOWN_ID, reader), UNAUTHORIZED);
  });
});

/** Sends a request line as it is: real clients would tidy the path. */
function rawRequest(rig: Rig, line: string, token = "", host = new URL(rig.azure.url).host): Promise<string> {
  const { port } = new URL(rig.azure.url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = tls.connect({ port: Number(port), host: "localhost", ca: rig.azure.caPem }, () => {
      socket.write(`${line}\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`);
    });
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("end", () => resolve(Buffer.concat(chunks).toString()));
    socket.on("error", reject);
  });
}
