import assert from "node:assert/strict";
import { type AnyRoute, pathsOf, SERVICES } from "../../local-azure/services";
import { assertMatches, type Contract, fillIn, readContracts, SHARED } from "./contract";
import { ContractWorld } from "./contract-world";
import { type Answer, ok, useRig } from "./rig";

/** What each contract says is sent and compared; the same way for all of them. */
describe("local Azure: contracts", () => {
  const rig = useRig();
  const contracts = readContracts();
  const routes = Object.values(SERVICES).flatMap((service) => service.routes);

  it("belong to a route each, and no route is without one", () => {
    for (const contract of contracts) assert.ok(routeOf(contract), contract.operation);
    const held = new Set(contracts.map(routeOf));
    const bare = routes.filter((route) => route.api !== "control" && !held.has(route));
    assert.deepEqual(
      bare.map(({ method, path }) => `${method} ${path}`),
      [],
    );
  });

  it("that are only assumed are marked so in the request log", async () => {
    ok(await rig.graph("GET", "/directory/deletedItems/microsoft.graph.user"));
    ok(await rig.graph("GET", "/applications"));
    const [assumed, seen] = rig.azure.control.requests().slice(-2);
    assert.deepEqual([assumed!.assumed, seen!.assumed], [true, undefined]);
  });

  for (const contract of contracts)
    it(`${contract.name}: ${contract.says}`, async () => {
      const world = new ContractWorld(rig);
      for (const step of contract.before ?? []) await world.prepare(step);
      const [method = ""] = contract.operation.split(" ");
      const token = await world.tokenOf(contract.as ?? "admin", contract.request.path);
      const { path, headers, body, form } = fillIn(contract.request, world.known) as Contract["request"];
      assert.ok(matchesRoute(routeOf(contract)!, path), `${path} must be a path of ${contract.operation}`);
      const answer = await rig.call(method, path, {
        ...(token === undefined ? {} : { token }),
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { json: body }),
        ...(form === undefined ? {} : { form }),
      });
      compare(answer, fillIn(contract.answer, world.known) as Contract["answer"], routeOf(contract)!.api);
    });

  function routeOf({ operation }: Contract): AnyRoute | undefined {
    return routes.find(({ method, path }) => `${method} ${path}` === operation);
  }

  function matchesRoute(route: AnyRoute, path: string): boolean {
    return pathsOf(route).some((pattern) => {
      const source = pattern.replaceAll("$", "\\$").replaceAll(".", "\\.").replaceAll(/:\w+/g, "[^/]+");
      return new RegExp(`^${source}$`, "i").test(path.split("?")[0]!.replaceAll("//", "/"));
    });
  }
});

function compare(answer: Answer, expected: Contract["answer"], api: string): void {
  assert.equal(answer.status, expected.status, answer.text);
  const { body, graphError, armError, oauthError } = expected;
  if (graphError !== undefined) {
    const innerError = {
      date: "/^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d$/",
      "request-id": "<guid>",
      "client-request-id": "<guid>",
    };
    assertMatches(answer.body, { error: { ...graphError, innerError } });
  } else if (armError !== undefined) assertMatches(answer.body, { error: armError });
  else if (oauthError !== undefined) compareOAuthError(answer, oauthError);
  else if (body === undefined) assert.equal(answer.text, "");
  else assertMatches(answer.body, body);
  const kind =
    api === "oauth"
      ? "oauth"
      : body === undefined && graphError === undefined && armError === undefined
        ? `${api}Empty`
        : graphError === undefined
          ? api
          : "graphError";
  for (const [name, value] of Object.entries({ ...SHARED.headers[kind], ...expected.headers }))
    if (value === "<absent>") assert.equal(answer.headers[name], undefined, name);
    else assertMatches(answer.headers[name], value, name);
}

function compareOAuthError(
  answer: Answer,
  { error, aadsts, text, uri }: NonNullable<Contract["answer"]["oauthError"]>,
): void {
  assertMatches(answer.body, {
    error,
    error_description: "<text>",
    error_codes: [aadsts],
    timestamp: "/^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ$/",
    trace_id: "<guid>",
    correlation_id: "<guid>",
    ...(uri === true ? { error_uri: `/\\/error\\?code=${aadsts}$/` } : {}),
  });
  const {
    error_description: description,
    trace_id: trace,
    correlation_id: correlation,
    timestamp,
  } = answer.body;
  const tail = ` Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`;
  const head = `AADSTS${aadsts}: `;
  assert.ok(description.startsWith(head) && description.endsWith(tail), description);
  assertMatches(description.slice(head.length, -tail.length), text, "error_description");
  assert.equal(answer.headers["x-ms-request-id"], trace);
}
