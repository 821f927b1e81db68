import { CliError, MisuseError } from "../errors";
import type { Io } from "../io";
import type { StackSelection } from "../tools/pulumi";
import { type Backend, exportDeployment, findBackend } from "./backend";
import { examineCheckpoint, readCheckpoint } from "./checkpoint";
import { compareByHand } from "./compare-by-hand";
import { compareOrphans } from "./compare-orphans";
import { compareRecorded } from "./compare-recorded";
import { listOtherInstances } from "./comparison";
import { compareVaultSecrets } from "./compare-vault";
import type { AzureFacts, Unanswered } from "./facts";
import { createFinding, type Finding, sortFindings } from "./findings";
import type * as azureReader from "./read-azure";
import type { Deployment } from "./deployment";
import { findFormerIds, findPast, idsOf, isDestroyUnfinished } from "./past";
import { connectAsProviders, connectByVariables, loadReader } from "../azure/provider-connection";
import { readRecord, type StackRecord } from "./record";
import { describeCheckpoint, describePending, findLocks } from "./stack-condition";

export interface AuditOptions extends StackSelection {
  /** Instance ID, where neither state nor history knows it. */
  instance?: string;
}

/** The result of an audit. */
export interface Audit {
  readonly backend: Backend;
  readonly record: StackRecord;
  /** Those that are this stack's. */
  readonly instanceIds: readonly string[];
  /** Where they are from. */
  readonly idsFrom: "state" | "history" | "option" | "nowhere";
  /** Whether the last run that changes Azure was a `destroy` that did not finish. */
  readonly wasDestroyed: boolean;
  readonly azure: azureReader.Azure;
  /** What to say where another login is used than the providers'. */
  readonly otherLogin: string | undefined;
  readonly facts: AzureFacts;
  /** Worst first. */
  readonly findings: readonly Finding[];
  readonly unanswered: readonly Unanswered[];
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Compares the record of a stack with Azure. It only reads.
 *
 * @param known.ownsLock the caller holds the lock of the stack, so a lock is no finding.
 * @param known.backend where the stack is, as a previous audit found out.
 */
export async function audit(
  io: Io,
  options: AuditOptions,
  known: { readonly ownsLock?: boolean; readonly backend?: Backend } = {},
): Promise<Audit> {
  const { instance, ...selection } = options;
  if (instance !== undefined && !GUID.test(instance)) {
    throw new MisuseError(
      "INVALID_INSTANCE",
      `--instance must be a GUID. Received ${JSON.stringify(instance)}.`,
      "You find it in the tag himl-instance:<GUID> of the application, and in the output `details`.",
    );
  }
  const finding = known.backend ? Promise.resolve(known.backend) : findBackend(io, selection);
  const exporting = exportDeployment(io, selection);
  // Failures are told when they are waited for.
  for (const reading of [finding, exporting]) reading.catch(() => undefined);
  const byVariables = connectByVariables(io);

  const backend = await finding;
  const locking = known.ownsLock
    ? Promise.resolve({ findings: [], unanswered: [] })
    : findLocks(io, selection, backend);
  locking.catch(() => undefined);
  const state = await readState(exporting, backend);
  const past = state.record.instances.length === 0 ? await findPast(io, selection, backend) : undefined;
  const destroying = isDestroyUnfinished(io, selection, backend, state.record);
  destroying.catch(() => undefined);
  const formerly = findFormerIds(io, selection, backend, "where it is cheap");
  formerly.catch(() => undefined);
  const inState = idsOf(state.record);
  const inPast = past === undefined ? [] : idsOf(past);
  const [instanceIds, idsFrom] =
    inState.length > 0
      ? [inState, "state" as const]
      : instance !== undefined
        ? [[instance], "option" as const]
        : [inPast, inPast.length > 0 ? ("history" as const) : ("nowhere" as const)];
  const named = instance === undefined ? instanceIds : [...instanceIds, instance.toLowerCase()];

  const record: StackRecord = {
    ...state.record,
    ...(state.record.tenantId === undefined && past?.tenantId && { tenantId: past.tenantId }),
    subscriptionIds: subscriptionsOf(io, state.record, past),
  };
  const logins = !state.record.providerLogins.areKnown && past ? past.providerLogins : record.providerLogins;
  const connection = await connectAsProviders(
    io,
    selection,
    { logins, tenantId: record.tenantId },
    byVariables,
  );
  const { azure, otherLogin } = connection;
  const facts = await loadReader()
    .readAzure(azure, record)
    .catch((error: unknown) => {
      throw withOtherLogin(error, otherLogin);
    });
  const [locks, wasDestroyed, former] = await Promise.all([locking, destroying, formerly]);
  let own = [...new Set([...named, ...former])];
  if (listOtherInstances(facts, own).length > 0) {
    own = [...new Set([...own, ...(await findFormerIds(io, selection, backend, "wherever it is"))])];
  }
  const comparison = { record, facts, ownIds: own, now: io.now() };
  return {
    backend,
    record,
    instanceIds: own,
    idsFrom,
    wasDestroyed,
    azure,
    otherLogin,
    facts,
    findings: sortFindings([
      ...state.findings,
      ...locks.findings,
      ...describePending(record.pendingOperations),
      ...(wasDestroyed ? [DESTROY_UNFINISHED] : []),
      // What is still there of a stack that is being destroyed goes with its application.
      ...compareRecorded(comparison).filter(({ code }) => !wasDestroyed || code !== "PRINCIPAL_NOT_RECORDED"),
      ...compareVaultSecrets(comparison),
      ...compareByHand(comparison),
      ...compareOrphans(comparison),
    ]),
    unanswered: [
      ...(own.length === 0 ? [UNKNOWN_INSTANCE] : []),
      ...(record.subscriptionIds.length === 0 ? [UNKNOWN_SUBSCRIPTION] : []),
      ...locks.unanswered,
      ...facts.unanswered,
    ],
  };
}

function withOtherLogin(error: unknown, otherLogin: string | undefined): unknown {
  if (!(error instanceof CliError) || otherLogin === undefined) return error;
  return new CliError(error.code, error.message, `${error.remedy}\n${otherLogin}`);
}

const DESTROY_UNFINISHED = createFinding(
  "DESTROY_UNFINISHED",
  "the stack",
  "The last run was a `pulumi destroy` that did not finish.",
  "`pulumi destroy` again; or `pulumi up`, which makes it whole again.",
);

const UNKNOWN_INSTANCE: Unanswered = {
  question: "Is something of this stack left in Azure?",
  code: "INSTANCE_UNKNOWN",
  right: "the stack's instance ID, which neither its state nor its history has: --instance ID",
};
const UNKNOWN_SUBSCRIPTION: Unanswered = {
  question: "Which roles are left?",
  code: "SUBSCRIPTION_UNKNOWN",
  right: "the subscription, which the stack does not record: ARM_SUBSCRIPTION_ID",
};

/** The record in the state, or in the backup that will replace a state that cannot be read. */
async function readState(
  exporting: Promise<Deployment>,
  backend: Backend,
): Promise<{ record: StackRecord; findings: Finding[] }> {
  try {
    return { record: readRecord(await exporting), findings: [] };
  } catch (error) {
    const damaged = backend.kind === "files" ? await examineCheckpoint(backend.paths) : undefined;
    if (damaged === undefined) throw error;
    const file = damaged.is === "whole" ? damaged.file : damaged.backup?.file;
    const found = file === undefined ? undefined : await readCheckpoint(file);
    return { record: readRecord(found?.deployment ?? {}), findings: [describeCheckpoint(damaged)] };
  }
}

function subscriptionsOf(io: Io, state: StackRecord, past: StackRecord | undefined): readonly string[] {
  const known = [...state.subscriptionIds, ...(past?.subscriptionIds ?? [])];
  const configured = io.env["ARM_SUBSCRIPTION_ID"];
  if (known.length === 0 && configured) return [configured.toLowerCase()];
  return [...new Set(known)];
}
