import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import type { Fault } from "../../local-azure/local-azure";
import { BAD_REQUEST, NOT_FOUND, ok, refused, refusedToken, useRig } from "./rig";

describe("local Azure: faults", () => {
  const rig = useRig();
  const create = () => rig.graph("POST", "/applications", { displayName: "a" });
  const created = () => rig.azure.control.state().applications.filter(({ initial }) => !initial).length;

  beforeEach(async () => {
    await rig.token("https://graph.microsoft.com/.default");
    await rig.token("https://management.azure.com/.default");
  });

  for (const [answer, code] of [
    [429, "TooManyRequests"],
    [500, "Service_InternalServerError"],
    [503, "serviceNotAvailable"],
  ] as const)
    it(`answers ${answer} as Graph does, as often as told, and does nothing`, async () => {
      rig.azure.control.addFault({ match: { method: "post", path: "/applications$" }, times: 2, answer });
      refused(await create(), `${answer} ${code}`);
      ok(await rig.graph("GET", "/applications"));
      refused(await create(), `${answer} ${code}`);
      assert.equal(created(), 0);
      ok(await create(), 201);
    });

  it("block a login as Conditional Access does, and nothing else", async () => {
    const { admin } = rig.azure;
    rig.azure.control.addFault({ answer: "conditionalAccess" });
    ok(await rig.call("GET", "/metadata/endpoints?api-version=2022-09-01"));
    refusedToken(await rig.logIn(admin), 400, "interaction_required", 53003);
    ok(await rig.logIn(admin));
  });

  it("answers 429 as Resource Manager and the token service do", async () => {
    rig.azure.control.addFault({ match: { path: "/subscriptions" }, answer: 429, retryAfter: 1 });
    const answer = await rig.arm("GET", "/subscriptions");
    refused(answer, "429 SubscriptionRequestsThrottled", /^Number of requests for subscription/);
    assert.equal(answer.headers["retry-after"], "1");
    rig.azure.control.addFault({ match: { path: "/token$" }, answer: 429 });
    refusedToken(await rig.logIn(rig.azure.admin), 429, "temporarily_unavailable", 90055);
  });

  it("sends Retry-After with 429 and 503 only", async () => {
    for (const answer of [429, 500, 503] as const) {
      rig.azure.control.addFault({ answer, retryAfter: 2 });
      assert.equal((await create()).headers["retry-after"], answer === 500 ? undefined : "2");
    }
  });

  it("loses only the answer of a call that is carried out", async () => {
    rig.azure.control.addFault({ match: { method: "POST" }, carriedOut: true, answer: 500 });
    refused(await create(), "500 Service_InternalServerError");
    assert.equal(created(), 1);
    rig.azure.control.addFault({ match: { method: "POST" }, carriedOut: true, answer: "reset" });
    await assert.rejects(create(), isConnectionError);
    assert.equal(created(), 2);
  });

  it("resets the connection without carrying the call out", async () => {
    rig.azure.control.addFault({ answer: "reset" });
    await assert.rejects(create(), isConnectionError);
    assert.equal(created(), 0);
    ok(await create(), 201);
  });

  it("hangs until the client gives up, and closes in spite of it", async () => {
    rig.azure.control.addFault({ answer: "hang" });
    const outcome = await Promise.race([
      create(),
      new Promise((resolve) => setTimeout(resolve, 200, "hanging")),
    ]);
    assert.equal(outcome, "hanging");
    assert.deepEqual(rig.azure.control.requests().at(-1)?.status, 0);
  });

  it("strikes the first that matches, and none after being cleared", async () => {
    rig.azure.control.addFault({ match: { path: "/nowhere" }, answer: 500 });
    ok(await create(), 201);
    rig.azure.control.addFault({ times: 9, answer: 503 });
    refused(await create(), "503 serviceNotAvailable");
    rig.azure.control.clearFaults();
    ok(await create(), 201);
  });

  it("strikes the request that it counts to, and says when it does", async () => {
    const { struck } = rig.azure.control.addFault({
      match: { method: "POST", path: "/applications$", api: "graph", count: 3 },
      answer: 503,
    });
    let hasStruck = false;
    void struck.then(() => (hasStruck = true));
    ok(await create(), 201);
    ok(await rig.graph("GET", "/applications"));
    ok(await create(), 201);
    assert.equal(hasStruck, false);
    assert.equal(rig.azure.control.faults()[0]?.left, 1);
    refused(await create(), "503 serviceNotAvailable");
    await struck;
    assert.deepEqual(rig.azure.control.faults(), []);
    ok(await create(), 201);
  });

  it("counts each fault by itself, so that two can strike two requests in a row", async () => {
    rig.azure.control.addFault({ match: { count: 1 }, answer: 500 });
    rig.azure.control.addFault({ match: { count: 2 }, answer: 503 });
    refused(await create(), "500 Service_InternalServerError");
    refused(await create(), "503 serviceNotAvailable");
    ok(await create(), 201);
  });

  it("answers as each service does while it has not heard of an object", async () => {
    const { id, appId } = await rig.createApplication();
    const lag = () => rig.azure.control.addFault({ answer: "lag" });
    lag();
    refused(
      await rig.graph("POST", `/applications/${id}/addPassword`, {}),
      NOT_FOUND,
      new RegExp(`^Resource '${id}' does not exist`),
    );
    lag();
    refused(await rig.graph("POST", "/servicePrincipals", { appId }), BAD_REQUEST, /valid application/);
    lag();
    refused(await rig.assign(id, "acdd72a7-3385-48ef-bd42-f606fba81ae7"), "400 PrincipalNotFound");
    lag();
    refusedToken(await rig.logIn(rig.azure.admin), 400, "unauthorized_client", 700016);
  });

  it("lets a test wait until a call took effect whose answer never comes", async () => {
    const { struck } = rig.azure.control.addFault({
      match: { method: "POST" },
      carriedOut: true,
      answer: "hang",
    });
    const pending = create().catch(() => undefined);
    await struck;
    assert.equal(created(), 1);
    void pending;
  });

  it("spares the control API", async () => {
    rig.azure.control.addFault({ times: 9, answer: 500 });
    const token = await rig.token("https://graph.microsoft.com/.default");
    ok(await rig.call("GET", "/_local/clock", { token }));
  });

  it("refuses a fault that makes no sense", () => {
    for (const fault of [{ answer: 418 }, { answer: 500, times: 0 }, { answer: 500, match: { path: "(" } }])
      assert.throws(() => rig.azure.control.addFault(fault as Fault));
  });
});

describe("local Azure: latency", () => {
  const rig = useRig({ latencyMs: 60 });

  it("delays each answer, and is back after a reset", async () => {
    assert.ok((await duration()) >= 55);
    rig.azure.control.setLatency(0);
    rig.reset();
    assert.ok((await duration()) >= 55);
  });

  async function duration(): Promise<number> {
    const started = performance.now();
    ok(await rig.call("GET", "/metadata/endpoints?api-version=2022-09-01"));
    return performance.now() - started;
  }
});

function isConnectionError(error: { code?: string }): boolean {
  return ["UND_ERR_SOCKET", "ECONNRESET"].includes(error.code ?? "");
}
