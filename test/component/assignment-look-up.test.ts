import assert from "node:assert/strict";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type AzureLogin, logInTo } from "../../components/look-ups/azure-lists";
import { type AzureAssignment, listAssignments } from "../../components/look-ups/assignment-look-up";
import { createCertificates } from "../../local-azure/certificates";
import { trustInThisProcess } from "../../rehearsal/engine/extra-authorities";
import { type Call, record } from "./recorder";

const SCOPE = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg (ml)";
const PRINCIPAL = "9b1f0e53-7a2c-4a58-8a9d-0c6d1f5e2b34";
const ROLE = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const WANTED = {
  scope: SCOPE,
  principalId: PRINCIPAL,
  roleDefinitionId: `/subscriptions/22222222-2222-4222-8222-222222222222/providers/Microsoft.Authorization/roleDefinitions/${ROLE}`,
};

describe("The role assignments of a principal, as Azure lists them", () => {
  let server: Server;
  let origin: string;
  let distrust: () => void;
  /** Each answers one request; the last one all that follow. */
  let answers: [status: number, body: unknown][];
  let requests: { url: string; authorization: string | undefined }[];

  before(async () => {
    const { caPem, certificatePem, privateKeyPem } = await createCertificates();
    const folder = mkdtempSync(path.join(tmpdir(), "himl-ca-"));
    writeFileSync(path.join(folder, "ca.pem"), caPem);
    distrust = trustInThisProcess(path.join(folder, "ca.pem"));
    rmSync(folder, { recursive: true });
    server = createServer({ key: privateKeyPem, cert: certificatePem }, (request, response) => {
      requests.push({ url: request.url!, authorization: request.headers.authorization });
      const [status, body] = answers.length > 1 ? answers.shift()! : answers[0]!;
      response.writeHead(status, { "retry-after": "0" });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    distrust();
    server.close();
  });
  beforeEach(() => (requests = []));

  const tokenFor = (aud: unknown) => `e30.${Buffer.from(JSON.stringify({ aud })).toString("base64url")}.x`;

  async function ask(
    given: typeof answers,
    getToken: Call = () => ({ token: tokenFor(origin) }),
  ): Promise<string[]> {
    answers = given;
    let listed: Promise<AzureAssignment[]> | undefined;
    await record(
      () => {
        const parent = new pulumi.ComponentResource(
          "himl-service-principal:index:HimlServicePrincipal",
          "himl",
        );
        listed = listAssignments(WANTED, parent);
        return { result: undefined, urns: [pulumi.output(listed.then(() => ""))] };
      },
      { calls: { "azure-native:authorization:getClientToken": getToken }, preview: true },
    );
    return (await listed!).map(({ name }) => name);
  }

  const assignment = (name: string, properties: Partial<typeof WANTED> = {}) => ({
    id: `${SCOPE}/providers/Microsoft.Authorization/roleAssignments/${name}`,
    name,
    properties: { ...WANTED, ...properties },
  });

  it("are those of exactly this principal, role and scope, in any letter case", async () => {
    const value = [
      assignment("spelled-otherwise", {
        scope: `${SCOPE.toUpperCase()}/`,
        principalId: PRINCIPAL.toUpperCase(),
        roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${ROLE.toUpperCase()}`,
      }),
      assignment("above", { scope: SCOPE.split("/").slice(0, 3).join("/") }),
      assignment("other-role", { roleDefinitionId: WANTED.roleDefinitionId.replace(ROLE, PRINCIPAL) }),
      assignment("of-a-group", { principalId: ROLE }),
    ];
    assert.deepEqual(await ask([[200, { value }]]), ["spelled-otherwise"]);
    const [{ url, authorization }] = requests as [(typeof requests)[0]];
    assert.equal(
      decodeURIComponent(url).split("?")[0],
      `${SCOPE}/providers/Microsoft.Authorization/roleAssignments`,
    );
    assert.equal(new URL(url, origin).searchParams.get("$filter"), `principalId eq '${PRINCIPAL}'`);
    assert.equal(authorization, `Bearer ${tokenFor(origin)}`);
  });

  it("are on every page, and the token follows no link to another host", async () => {
    const nextLink = "https://elsewhere.example/next?page=2";
    const first = { value: [assignment("first")], nextLink };
    assert.deepEqual(
      await ask([
        [200, first],
        [200, { value: [assignment("second")] }],
      ]),
      ["first", "second"],
    );
    assert.equal(requests[1]!.url, "/next?page=2");
  });

  const unknown: [why: string, answer: [number, unknown], getToken?: Call][] = [
    ["nobody may read them", [403, { error: { code: "AuthorizationFailed" } }]],
    ["Azure is out of order", [500, "<html>"]],
    ["the answer is not JSON", [200, "<html>"]],
    ["the answer has no list", [200, {}]],
    [
      "the provider gives no token",
      [200, {}],
      () => {
        throw new Error("az login");
      },
    ],
    [
      "the token is for Microsoft Graph",
      [200, {}],
      () => ({ token: tokenFor("00000003-0000-0000-c000-000000000000") }),
    ],
    ["the token cannot be read", [200, {}], () => ({ token: "opaque" })],
    ["the provider is not configured yet", [200, {}], () => ({})],
    ["Azure is out of reach", [200, {}], () => ({ token: tokenFor("https://localhost:1") })],
  ];
  for (const [why, answer, getToken] of unknown) {
    it(`are none, so that the preview goes on, where ${why}`, async () => {
      assert.deepEqual(await ask([answer], getToken), []);
    });
  }

  it("of the public cloud are asked for there, with a token for that service alone", async () => {
    const logins: Promise<AzureLogin>[] = [];
    await record(
      () => {
        const parent = new pulumi.ComponentResource(
          "himl-service-principal:index:HimlServicePrincipal",
          "himl",
        );
        logins.push(logInTo("resourceManager", parent), logInTo("graph", parent));
        return { result: undefined, urns: [pulumi.output(Promise.all(logins).then(() => ""))] };
      },
      {
        calls: {
          "azure-native:authorization:getClientToken": ({
            endpoint = "https://management.core.windows.net/",
          }) => ({
            token: tokenFor(endpoint),
          }),
        },
        preview: true,
      },
    );
    const graph = "https://graph.microsoft.com";
    assert.deepEqual(await Promise.all(logins), [
      { origin: "https://management.azure.com", token: tokenFor("https://management.core.windows.net/") },
      { origin: graph, token: tokenFor(graph) },
    ]);
  });
});
