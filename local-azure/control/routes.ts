import { z } from "zod";
import type { Cloud } from "../cloud";
import { armAudiences, graphAudiences } from "../audiences";
import { faultSchema } from "../faults";
import {
  bearerToken,
  type Call,
  parseJsonObject,
  type Reply,
  type Route,
  type Service,
  ServiceError,
} from "../http";
import { renderArmError } from "../arm/errors";
import { TokenRefusedError } from "../oauth/tokens";
import { LAG_KINDS } from "../store/records";
import { findRole } from "../store/roles";
import { createControl, type LocalAzureControl } from "./control";

/** Days and seconds that a `Date` can still hold; what is beyond would make the clock invalid. */
const MAX_DAYS = 36_500;

const lagSeconds = z.number().nonnegative();
const clockBody = z.strictObject({ now: z.iso.datetime({ offset: true }) });
const advanceBody = z.strictObject({
  days: z.number().min(-MAX_DAYS).max(MAX_DAYS).optional(),
  seconds: z
    .number()
    .min(-MAX_DAYS * 86_400)
    .max(MAX_DAYS * 86_400)
    .optional(),
});
const lagBody = z.strictObject({
  seconds: z.union([lagSeconds, z.partialRecord(z.enum(LAG_KINDS), lagSeconds)]),
});
const latencyBody = z.strictObject({ ms: z.number().nonnegative().max(600_000) });
const callerBody = z.strictObject({
  displayName: z.string().min(1).max(120),
  role: z
    .string()
    .refine((role) => findRole(role) !== undefined, { message: "must be a built-in role" })
    .optional(),
  scope: z.string().startsWith("/subscriptions/").optional(),
  ownsApplications: z.boolean().optional(),
  graphPermissions: z
    .array(z.enum(["Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"]))
    .optional(),
});
const issuerBody = z.strictObject({
  issuer: z.string().min(1),
  jwks: z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) }),
});
const policyBody = z
  .strictObject({
    passwordAddition: z.enum(["allowed", "forbidden"]),
    maxPasswordLifetimeDays: z.number().positive().nullable(),
    requireServiceManagementReference: z.boolean(),
    blockedClientIds: z.array(z.string()),
  })
  .partial();

type ControlHandler = (control: LocalAzureControl, call: Call, cloud: Cloud) => Reply;

const NO_CONTENT: Reply = { status: 204 };
const ok = (body: unknown): Reply => ({ status: 200, body });

/** For handlers that only do something. */
function act(action: (control: LocalAzureControl, call: Call, cloud: Cloud) => void): ControlHandler {
  return (control, call, cloud) => {
    action(control, call, cloud);
    return NO_CONTENT;
  };
}

function route(method: Route["method"], path: string, does: string, handler: ControlHandler): Route {
  return {
    api: "control",
    method,
    path: `/_local/${path}`,
    does,
    async handle(cloud, call) {
      await requireAdmin(cloud, call);
      return handler(createControl(cloud), call, cloud);
    },
  };
}

const routes: readonly Route[] = [
  route("GET", "clock", "The directory's time: `{now}`", (control) =>
    ok({ now: control.now().toISOString() }),
  ),
  route(
    "PUT",
    "clock",
    "Set the directory's clock: `{now}`",
    act((control, call) => control.setClock(new Date(read(call, clockBody).now))),
  ),
  route(
    "POST",
    "clock/advance",
    "Advance the directory's clock: `{days?, seconds?}`",
    act((control, call) => {
      const { days = 0, seconds = 0 } = read(call, advanceBody);
      control.advanceClock({ days, seconds });
    }),
  ),
  route(
    "PUT",
    "replication-lag",
    "Set the replication lag: `{seconds}`, a number for all kinds of object or an object by kind",
    act((control, call) => control.setReplicationLag(read(call, lagBody).seconds)),
  ),
  route(
    "PUT",
    "latency",
    "Set how long each answer waits: `{ms}`",
    act((control, call) => control.setLatency(read(call, latencyBody).ms)),
  ),
  route(
    "POST",
    "faults",
    "Add a fault: `{match: {method?, path?}, times?, carriedOut?, answer, retryAfter?}`; `path` is a regular expression",
    act((control, call) => control.addFault(read(call, faultSchema))),
  ),
  route(
    "DELETE",
    "faults",
    "Remove all faults",
    act((control) => control.clearFaults()),
  ),
  route("GET", "requests", "The request log", (control) => ok({ value: control.requests() })),
  route(
    "DELETE",
    "requests",
    "Empty the request log",
    act((control) => control.clearRequests()),
  ),
  route("GET", "state", "All that is in the directory, secrets as hashes", (control) => ok(control.state())),
  route(
    "POST",
    "callers",
    "Create a principal with a secret to call with: `{displayName, role?, scope?, ownsApplications?, graphPermissions?}`",
    (control, call) => {
      const { displayName, ...rest } = read(call, callerBody);
      const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
      return { status: 201, body: control.createCaller({ displayName, ...given }) };
    },
  ),
  route(
    "POST",
    "issuers",
    "Declare an OIDC issuer with its keys: `{issuer, jwks}`",
    act((_control, call, cloud) => {
      const { issuer, jwks } = read(call, issuerBody);
      cloud.issuers.set(issuer, jwks);
    }),
  ),
  route(
    "PATCH",
    "policy",
    "Change the tenant's policy: `{passwordAddition?, maxPasswordLifetimeDays?, requireServiceManagementReference?}`",
    act((control, call) => {
      const given = Object.entries(read(call, policyBody)).filter(([, value]) => value !== undefined);
      control.setPolicy(Object.fromEntries(given));
    }),
  ),
  route(
    "POST",
    "reset",
    "Back to the start",
    act((control) => control.reset()),
  ),
];

/** Only the admin's token opens the control API, for whichever service it was issued. */
async function requireAdmin(cloud: Cloud, call: Call): Promise<void> {
  const token = bearerToken(call);
  if (token === undefined)
    throw new ServiceError(401, "TokenMissing", "The control API must be called with the admin's token.");
  try {
    const { directory, admin } = cloud.world;
    const audiences = [...graphAudiences(cloud.url), ...armAudiences(cloud.url)];
    const { objectId } = await cloud.tokens.verify(token, directory.tenantId, audiences);
    if (objectId !== admin.objectId)
      throw new ServiceError(403, "NotAdmin", "The control API must be called with the admin's token.");
  } catch (error) {
    if (error instanceof TokenRefusedError)
      throw new ServiceError(401, "TokenRefused", "The token of the control API must be valid.");
    throw error;
  }
}

function read<Schema extends z.ZodType>(call: Call, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(parseJsonObject(call));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ServiceError(400, "BadRequest", `${issue!.path.join(".") || "body"}: ${issue!.message}`);
}

export const controlService: Service = { routes, renderError: renderArmError };
