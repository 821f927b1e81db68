import { z } from "zod";
import { armAudiences, graphAudiences } from "../audiences";
import type { Call } from "../call";
import type { Cloud, Snapshot } from "../cloud";
import { faultSchema } from "../faults";
import { claimsOf } from "../oauth/bearer";
import { type ErrorTable, lookUp, Refusal } from "../refusal";
import { routesFor, type Row, type Service } from "../route";
import { DIRECTORY_ROLE_NAMES, GRAPH_PERMISSIONS } from "../store/microsoft-graph";
import { KEY_PERMISSIONS, SECRET_PERMISSIONS } from "../store/records";
import { findRole } from "../store/roles";
import { LAG_KINDS } from "../store/store";
import { createControl, type LocalAzureControl } from "./control";

/** Days and seconds that a `Date` can still hold; what is beyond would make the clock invalid. */
const MAX_DAYS = 36_500;

const CONTROL_ERRORS = {
  tokenMissing: "401 TokenMissing: The control API must be called with the admin's token.",
  tokenRefused: "401 TokenRefused: The token of the control API must be valid.",
  notAdmin: "403 NotAdmin: The control API must be called with the admin's token.",
  bodyInvalid: "400 BadRequest: {what}",
  snapshotNotFound: "404 SnapshotNotFound: The snapshot '{id}' must be one that was taken.",
} as const satisfies ErrorTable;

const refuse = (rule: keyof typeof CONTROL_ERRORS, details?: Record<string, string>) =>
  new Refusal(rule, details);

const lagSeconds = z.number().nonnegative();
const clockBody = z.strictObject({ now: z.iso.datetime({ offset: true }) });
const advanceBody = z.strictObject({
  days: z.number().min(-MAX_DAYS).max(MAX_DAYS).default(0),
  seconds: z
    .number()
    .min(-MAX_DAYS * 86_400)
    .max(MAX_DAYS * 86_400)
    .default(0),
});
const lagBody = z.strictObject({
  seconds: z.union([lagSeconds, z.partialRecord(z.enum(LAG_KINDS), lagSeconds)]),
});
const readModeBody = z.strictObject({ mode: z.enum(["own", "past"]) });
const latencyBody = z.strictObject({ ms: z.number().nonnegative().max(600_000) });
const access = {
  displayName: z.string().min(1).max(120),
  role: z
    .string()
    .refine((role) => findRole(role) !== undefined, { message: "must be a built-in role" })
    .exactOptional(),
  scope: z.string().startsWith("/subscriptions/").exactOptional(),
  condition: z.string().exactOptional(),
};
const callerBody = z.strictObject({
  ...access,
  ownsApplications: z.boolean().exactOptional(),
  graphPermissions: z.array(z.enum(GRAPH_PERMISSIONS)).exactOptional(),
});
const personBody = z.strictObject({
  ...access,
  directoryRoles: z.array(z.enum(DIRECTORY_ROLE_NAMES)).exactOptional(),
});
const groupBody = z.strictObject({ ...access, members: z.array(z.guid()) });
const subscriptionBody = z.strictObject({
  displayName: z.string().min(1),
  subscriptionId: z.guid().exactOptional(),
});
const workspaceBody = z.strictObject({
  subscriptionId: z.guid(),
  resourceGroup: z.string().min(1),
  name: z.string().min(1),
  location: z.string().exactOptional(),
  kind: z.enum(["Default", "Hub", "Project"]).exactOptional(),
});
const policyOfVault = z.strictObject({
  objectId: z.guid(),
  secrets: z.array(z.enum(SECRET_PERMISSIONS)),
  keys: z.array(z.enum(KEY_PERMISSIONS)).exactOptional(),
});
const keyVaultBody = z.strictObject({
  name: z.string(),
  subscriptionId: z.guid().exactOptional(),
  resourceGroup: z.string().min(1).exactOptional(),
  location: z.string().exactOptional(),
  rbac: z.boolean().exactOptional(),
  accessPolicies: z.array(policyOfVault).exactOptional(),
  firewall: z.boolean().exactOptional(),
  softDeleteRetentionInDays: z.int().min(7).max(90).exactOptional(),
  purgeProtection: z.boolean().exactOptional(),
});
const directoryRoleBody = z.strictObject({ objectId: z.guid(), role: z.enum(DIRECTORY_ROLE_NAMES) });
const scopeGrantBody = z.strictObject({
  clientId: z.guid(),
  consentType: z.enum(["AllPrincipals", "Principal"]),
  principalId: z.guid().nullable(),
  resourceId: z.guid(),
  scope: z.string(),
});
const issuerBody = z.strictObject({
  issuer: z.string().min(1),
  jwks: z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) }),
});
const policyBody = z.strictObject({
  passwordAddition: z.enum(["allowed", "forbidden"]).exactOptional(),
  maxPasswordLifetimeDays: z.number().positive().nullable().exactOptional(),
  requireServiceManagementReference: z.boolean().exactOptional(),
  usersCanRegisterApplications: z.boolean().exactOptional(),
  blockedClientIds: z.array(z.string()).exactOptional(),
  unregisteredProviders: z.array(z.string()).exactOptional(),
});

interface Admin {
  readonly appId: string;
}

function read<Schema extends z.ZodType>(call: Call, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(call.body.json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw refuse("bodyInvalid", { what: `${issue!.path.join(".") || "body"}: ${issue!.message}` });
}

type Act = (control: LocalAzureControl, call: Call, cloud: Cloud) => object | void;

/** What is given back is the answer; without it, 204. */
function route(does: string, act: Act, status = 200): Row<Admin> {
  return [
    does,
    (cloud, call) => {
      const body = carryOut(() => act(createControl(cloud), call, cloud));
      return body === undefined ? { status: 204 } : { status, body };
    },
  ];
}

/** What the typed functions refuse with a RangeError is the caller's mistake over HTTP too. */
function carryOut<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof RangeError ? refuse("bodyInvalid", { what: error.message }) : error;
  }
}

const routes = routesFor<Admin, "admin">("control", "admin", {
  "GET /_local/clock": route("The directory's time: `{now}`", (control) => ({
    now: control.now().toISOString(),
  })),
  "PUT /_local/clock": route("Set the directory's clock: `{now}`", (control, call) =>
    control.setClock(new Date(read(call, clockBody).now)),
  ),
  "POST /_local/clock/advance": route("Advance the directory's clock: `{days?, seconds?}`", (control, call) =>
    control.advanceClock(read(call, advanceBody)),
  ),
  "PUT /_local/replication-lag": route(
    "Set the replication lag: `{seconds}`, a number for all kinds of object or an object by kind",
    (control, call) => control.setReplicationLag(read(call, lagBody).seconds),
  ),
  "PUT /_local/read-mode": route(
    "Which instant a read shows: `{mode}`, `own` or `past` (any within the lag)",
    (control, call) => control.setReadMode(read(call, readModeBody).mode),
  ),
  "PUT /_local/latency": route("Set how long each answer waits: `{ms}`", (control, call) =>
    control.setLatency(read(call, latencyBody).ms),
  ),
  "GET /_local/faults": route("Faults that have not hit all of their requests yet", (control) => ({
    value: control.faults(),
  })),
  "POST /_local/faults": route(
    "Add a fault: `{match: {method?, path?, api?, count?}, times?, carriedOut?, answer, retryAfter?}`; `path` is a regular expression",
    (control, call) => {
      control.addFault(read(call, faultSchema));
    },
  ),
  "DELETE /_local/faults": route("Remove all faults", (control) => control.clearFaults()),
  "GET /_local/requests": route("The request log", (control) => ({ value: control.requests() })),
  "DELETE /_local/requests": route("Empty the request log", (control) => control.clearRequests()),
  "GET /_local/state": route("Everything in the directory; secrets as hashes", (control) => control.state()),
  "POST /_local/callers": route(
    "Create a principal with a secret to call with: `{displayName, role?, scope?, ownsApplications?, graphPermissions?}`",
    (control, call) => control.createCaller(read(call, callerBody)),
    201,
  ),
  "POST /_local/people": route(
    "Create a person with a password: `{displayName, role?, scope?, directoryRoles?}`",
    (control, call) => control.createPerson(read(call, personBody)),
    201,
  ),
  "POST /_local/groups": route(
    "Create a group: `{displayName, members, role?, scope?}`",
    (control, call) => control.createGroup(read(call, groupBody)),
    201,
  ),
  "POST /_local/directory-roles": route(
    "Make a person or a principal a member of a directory role: `{objectId, role}`",
    (control, call) => {
      const { objectId, role } = read(call, directoryRoleBody);
      control.giveDirectoryRole(objectId, role);
    },
  ),
  "POST /_local/permission-grants": route(
    "Grant a person's permissions to an application (delegated): `{clientId, consentType, principalId, resourceId, scope}`",
    (control, call) => void control.lendPermissions(read(call, scopeGrantBody)),
  ),
  "POST /_local/subscriptions": route(
    "Add a subscription: `{displayName, subscriptionId?}`",
    (control, call) => control.createSubscription(read(call, subscriptionBody)),
    201,
  ),
  "POST /_local/workspaces": route(
    "Add an Azure ML workspace: `{subscriptionId, resourceGroup, name, location?, kind?}`",
    (control, call) => control.createWorkspace(read(call, workspaceBody)),
  ),
  "POST /_local/key-vaults": route(
    "Add a key vault: `{name, subscriptionId?, resourceGroup?, rbac?, accessPolicies?, firewall?, softDeleteRetentionInDays?, purgeProtection?}`",
    (control, call) => control.createKeyVault(read(call, keyVaultBody)),
    201,
  ),
  "PUT /_local/key-vaults/:vault/access-policies": route(
    "Set an access policy of a vault that does not use roles: `{objectId, secrets, keys?}`",
    (control, call) => control.setAccessPolicy(call.params.vault!, read(call, policyOfVault)),
  ),
  "POST /_local/issuers": route(
    "Declare an OIDC issuer with its keys: `{issuer, jwks}`",
    (_control, call, cloud) => {
      const { issuer, jwks } = read(call, issuerBody);
      cloud.issuers.set(issuer, jwks);
    },
  ),
  "PATCH /_local/policy": route(
    "Change the tenant's policy: `{passwordAddition?, maxPasswordLifetimeDays?, requireServiceManagementReference?, usersCanRegisterApplications?, blockedClientIds?, unregisteredProviders?}`",
    (control, call) => control.setPolicy(read(call, policyBody)),
  ),
  "POST /_local/snapshots": route(
    "Take a snapshot: `{id}`",
    (control, _call, cloud) => {
      const id = cloud.ids.guid("snapshot");
      snapshotsOf(cloud).set(id, control.snapshot());
      return { id };
    },
    201,
  ),
  "POST /_local/snapshots/:snapshot/restore": route("Go back to a snapshot", (control, call, cloud) => {
    const id = call.params.snapshot!;
    const snapshot = snapshotsOf(cloud).get(id);
    if (snapshot === undefined) throw refuse("snapshotNotFound", { id });
    control.restore(snapshot);
  }),
  "POST /_local/reset": route("Go back to the start", (control) => control.reset()),
});

const snapshots = new WeakMap<Cloud, Map<string, Snapshot>>();

/** Snapshots that were taken over HTTP live as long as their cloud. */
function snapshotsOf(cloud: Cloud): Map<string, Snapshot> {
  const taken = snapshots.get(cloud) ?? new Map<string, Snapshot>();
  snapshots.set(cloud, taken);
  return taken;
}

/** Only the admin's token opens the control API, for whichever service it was issued. */
async function authenticate(cloud: Cloud, call: Call<undefined>): Promise<Admin> {
  const audiences = [...graphAudiences(cloud.url), ...armAudiences(cloud.url)];
  const { objectId, appId } = await claimsOf(cloud, call, audiences, ({ reason }) =>
    refuse(reason === "missing" ? "tokenMissing" : "tokenRefused"),
  );
  if (objectId !== cloud.world.admin.objectId) throw refuse("notAdmin");
  return { appId };
}

export const controlService: Service<Admin, "admin"> = {
  routes,
  authenticate,
  admit: () => undefined,
  renderError(_cloud, refusal) {
    const { status, code, message } = lookUp(CONTROL_ERRORS, refusal);
    return { status, body: { error: { code, message } } };
  },
  headers: (call) => ({ "content-type": "application/json; charset=utf-8", "request-id": call.requestId }),
};
