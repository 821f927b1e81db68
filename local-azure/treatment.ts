import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { type Call, type RawRequest, readCall, type Reply } from "./call";
import type { Cloud } from "./cloud";
import type { StrikingFault } from "./faults";
import { Refusal } from "./refusal";
import { type AnyRoute, type AnyService, isAssumed, isServed, SERVICES } from "./services";

/** The result of a request: an answer, or a connection that is cut or left hanging. */
export type Outcome = { readonly call: Call; readonly reply: Reply } | "reset" | "hang";

/** The order in which a request is treated. */
export async function treat(cloud: Cloud, route: AnyRoute | undefined, raw: RawRequest): Promise<Outcome> {
  const started = performance.now();
  const call = readCall(raw, cloud.url, cloud.clock.now());
  const service = SERVICES[call.api];
  const isControl = call.api === "control";
  // 1. A fault may hit before anything happens. Latency and faults do not apply to the control API.
  const fault = isControl ? undefined : cloud.faults.take(call);
  if (!isControl && cloud.latencyMs > 0) await delay(cloud.latencyMs);
  if (fault?.carriedOut === false) {
    fault.announce();
    return end(cloud, call, null, started, strike(cloud, service, fault, call));
  }
  let clientId: string | null = null;
  let reply: Reply;
  try {
    // 2. Somebody must answer it, on this host.
    if (route === undefined || !isServed(route.api, call.base)) throw notImplemented(call);
    // 3. Who calls.
    const caller = await service.authenticate(cloud, call);
    clientId = (caller as { appId?: string | null } | undefined)?.appId ?? null;
    // 4. Whether that may be: API version, malformed IDs, rights, and whether the scope exists, as each service orders them.
    const admitted = { ...call, caller };
    service.admit(cloud, admitted, route);
    // 5. The work.
    reply = await route.handle(cloud, admitted);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    reply = service.renderError(cloud, error, call);
  }
  // 6. A fault may lose the answer of what was carried out.
  fault?.announce();
  const outcome = fault === undefined ? reply : strike(cloud, service, fault, call);
  return end(cloud, call, clientId, started, outcome, route !== undefined && isAssumed(route));
}

function notImplemented(call: Call): Refusal {
  return new Refusal("notImplemented", { what: `${call.method} ${call.path}` });
}

/** For requests that never reach a route: bodies too large, paths that cannot be decoded, defects of ours. */
export function answerUnreadable(cloud: Cloud, raw: RawRequest, status: number): Outcome {
  const call = readCall(raw, cloud.url, cloud.clock.now());
  const rule = status === 413 ? "tooLarge" : status < 500 ? "unreadable" : "failed";
  const reply = SERVICES[call.api].renderError(cloud, new Refusal(rule), call);
  return end(cloud, call, null, performance.now(), reply);
}

/** What each service says when it is throttled or broken, or has not heard yet of what the request speaks of. */
function strike(
  cloud: Cloud,
  service: AnyService,
  fault: StrikingFault,
  call: Call,
): Reply | "reset" | "hang" {
  const { answer, retryAfter } = fault;
  if (answer === "reset" || answer === "hang") return answer;
  const refusal =
    answer === "lag"
      ? unknownYet(cloud, call)
      : answer === "conditionalAccess"
        ? new Refusal("blockedByConditionalAccess")
        : new Refusal({ 429: "throttled", 500: "broken", 503: "unavailable" }[answer], {
            subscription: cloud.world.place.subscriptionId,
            method: call.method,
            seconds: String(retryAfter ?? 1),
          });
  const reply = service.renderError(cloud, refusal, call);
  const isSent = retryAfter !== undefined && (answer === 429 || answer === 503);
  // In whole seconds: some clients read no date.
  return isSent ? { ...reply, headers: { ...reply.headers, "retry-after": String(retryAfter) } } : reply;
}

/** Each service's words for an object that has not replicated. */
function unknownYet(cloud: Cloud, call: Call): Refusal {
  const { tenantId, tenantName } = cloud.world.directory;
  const [id = ""] = call.path.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi)?.slice(-1) ?? [];
  if (call.api === "oauth")
    return new Refusal("applicationNotFound", {
      clientId: call.body.form.get("client_id") ?? "",
      tenant: tenantName,
    });
  if (call.api === "graph")
    return call.method === "POST" && /\/servicePrincipals$/i.test(call.path)
      ? new Refusal("appIdNotFound", { appId: textOf(call.body.json?.appId) })
      : new Refusal("objectNotFound", { id });
  if (call.params.key !== undefined) return new Refusal("keyNotFound", { name: call.params.key });
  if (call.api === "vault" || /\/vaults\/[^/]+\/secrets\/[^/]+$/i.test(call.path))
    return new Refusal("secretNotFound", { name: call.params.secret ?? "" });
  if (call.method === "PUT") {
    const { principalId } = (call.body.json?.properties ?? {}) as { principalId?: unknown };
    return new Refusal("principalNotFound", { id: textOf(principalId).replaceAll("-", ""), tenantId });
  }
  return new Refusal("roleAssignmentNotFound", { name: id });
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Every request is logged, except those of the control API. */
function end(
  cloud: Cloud,
  call: Call,
  caller: string | null,
  started: number,
  outcome: Reply | "reset" | "hang",
  isAssumed = false,
): Outcome {
  const isCut = outcome === "reset" || outcome === "hang";
  if (call.api !== "control") {
    const { method, path, api } = call;
    const ms = Math.round((performance.now() - started) * 1000) / 1000;
    const more = isAssumed ? { assumed: true as const } : {};
    cloud.log.add({ method, path, status: isCut ? 0 : outcome.status, caller, ms, api, ...more });
  }
  return isCut ? outcome : { call, reply: outcome };
}
