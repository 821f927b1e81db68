import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent } from "undici";
import { type LocalAzure, startLocalAzure } from "../../local-azure/local-azure";
import { requireEngine } from "../rehearsal/support";
import { type Answer, forwardToAzure, type Request } from "../../tools/real-run/gateway";
import { DeclinedError, realRun, type RealRunOptions } from "../../tools/real-run/real-run";
import { renderReport } from "../../tools/real-run/report";

type Change = (request: Request, answer: Answer) => Answer;

describe("A run on a real tenant, with the local Azure in the tenant's place", function () {
  this.timeout(300_000);
  let azure: LocalAzure;
  before(async () => (azure = await startLocalAzure()));
  after(() => azure.close());

  async function start(context: Mocha.Context, options: Partial<RealRunOptions> & { change?: Change } = {}) {
    const { change = (_request, answer) => answer, ...rest } = options;
    const dispatcher = new Agent({ connect: { ca: readFileSync(azure.caFile, "utf8") } });
    const toLocal = forwardToAzure(dispatcher);
    const { host } = new URL(azure.url);
    return realRun({
      engine: await requireEngine(context),
      login: Object.fromEntries(
        Object.entries(azure.direct).filter(([name]) => /^ARM_(CLIENT|TENANT|SUBSCRIPTION)/.test(name)),
      ),
      resourceGroup: azure.resourceGroup,
      workspaceName: azure.workspaceName,
      forward: async (request) => {
        const headers = { ...request.headers, host: request.host };
        return change(request, await toLocal({ ...request, host, headers }));
      },
      confirm: () => Promise.resolve(true),
      onStep: () => undefined,
      signal: new AbortController().signal,
      ...rest,
    });
  }

  const leftovers = () => {
    const { applications, roleAssignments } = azure.control.state();
    return [...applications, ...roleAssignments].filter(({ initial }) => !initial);
  };

  it("lives the whole life with a token too, finds no deviation where there is none, and leaves nothing", async function () {
    const issuer = await azure.control.declareIssuer("https://token.actions.githubusercontent.com");
    const token = await issuer.sign({
      sub: "repo:octocat@1/training@2:ref:refs/heads/main",
      aud: "api://AzureADTokenExchange",
    });
    const asked: string[] = [];
    const report = await start(this, {
      token,
      confirm: (question) => Promise.resolve(asked.push(question) > 0),
    });
    assert.deepEqual(
      report.steps.filter(({ ok }) => !ok),
      [],
    );
    assert.ok(report.ok);
    assert.deepEqual(
      report.comparisons.filter(({ deviations }) => deviations.length > 0),
      [],
    );
    assert.ok(report.comparisons.filter(({ contract }) => contract).length > 20);
    assert.ok(asked.length > 5 && asked[0]!.startsWith("This creates"), asked.join("\n"));
    assert.deepEqual(leftovers(), []);
    const text = renderReport(report, [azure.resourceGroup, azure.workspaceName]);
    for (const hidden of [
      azure.admin.clientSecret,
      azure.tenantId,
      azure.subscriptionId,
      azure.workspaceName,
    ])
      assert.ok(!text.includes(hidden), text);
  });

  it("finds and names each deviation", async function () {
    const report = await start(this, {
      change: (request, answer) => {
        const at = (method: string, pattern: RegExp) =>
          request.method === method && pattern.test(request.path);
        const body = () => JSON.parse(answer.body.toString()) as Record<string, unknown>;
        const withBody = (value: object) => ({ ...answer, body: Buffer.from(JSON.stringify(value)) });
        if (at("POST", /\/applications$/)) return withBody({ ...body(), shinyNew: 1 });
        if (at("POST", /\/servicePrincipals$/)) {
          return withBody({ ...body(), accountEnabled: undefined });
        }
        if (at("POST", /addPassword$/)) return withBody({ ...body(), keyId: 7 });
        if (at("PUT", /roleAssignments/)) return { ...answer, status: 202 };
        if (at("GET", /\/workspaces\//)) {
          const headers = Object.entries(answer.headers).filter(([name]) => name !== "cache-control");
          return { ...answer, headers: Object.fromEntries(headers) };
        }
        return answer;
      },
    });
    const text = renderReport(report, []);
    for (const deviation of [
      "body.shinyNew is new",
      "body.accountEnabled is missing",
      "body.keyId is not <guid>",
      "the status is 202; the contracts know",
      "header cache-control is missing",
    ])
      assert.ok(text.includes(deviation), text);
    assert.deepEqual(leftovers(), []);
  });

  it("removes what it made when it is interrupted", async function () {
    const interruption = new AbortController();
    const report = await start(this, {
      signal: interruption.signal,
      onStep: ({ name }) => name === "provision" && interruption.abort(),
    });
    assert.equal(report.ok, false);
    assert.deepEqual(report.left, []);
    assert.deepEqual(leftovers(), []);
  });

  it("removes what it made when a write is declined half-way, and creates nothing when the plan is", async function () {
    let writes = 0;
    const report = await start(this, {
      confirm: (question) => Promise.resolve(question.startsWith("This creates") || ++writes < 3),
    });
    assert.equal(report.ok, false);
    assert.deepEqual(leftovers(), []);
    await assert.rejects(start(this, { confirm: () => Promise.resolve(false) }), DeclinedError);
    assert.deepEqual(leftovers(), []);
  });
});
