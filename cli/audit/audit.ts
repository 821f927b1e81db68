import { logInAsProviders } from "../azure/login";
import { CliError, MisuseError } from "../errors";
import type { Io } from "../io";
import { parseJson } from "../tools/process";
import { runPulumi, type StackSelection, withoutPassphrase } from "../tools/pulumi";
import { compareOrphans } from "./compare-orphans";
import { compareRecorded } from "./compare-recorded";
import { compareState } from "./compare-state";
import { compareUnmanaged } from "./compare-unmanaged";
import { compareVaultSecrets } from "./compare-vault";
import type { Deployment } from "./deployment";
import { createFinding, type Finding, sortFindings } from "./findings";
import { type Azure, type AzureAnswers, connect, readAzure, type Unanswered } from "./read-azure";
import { instanceIdsOf, readRecord, type StackRecord } from "./record";

export interface AuditOptions extends StackSelection {
  /** Instance ID of a stack that was destroyed: then nothing records it. */
  instance?: string;
}

/** The result of an audit. */
export interface Audit {
  readonly record: StackRecord;
  /** Those that are this stack's. */
  readonly instanceIds: readonly string[];
  /** Project and name of the stack, as its applications name it. */
  readonly stack: StackName | undefined;
  /** Whether a `pulumi destroy` did not finish, as far as state and history tell. */
  readonly isDestroyUnfinished: boolean;
  readonly azure: Azure;
  /** What to say where the program logs in otherwise than this command. */
  readonly otherLogin: string | undefined;
  readonly answers: AzureAnswers;
  /** Worst first. */
  readonly findings: readonly Finding[];
  readonly unanswered: readonly Unanswered[];
  /** Who asked Azure. */
  readonly askedAs: string;
}

export interface StackName {
  readonly project: string;
  readonly stack: string;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Compares the record of a stack with Azure. It only reads.
 *
 * @param ofPerson instances that a person says were this stack's.
 */
export async function audit(
  io: Io,
  { instance, ...selection }: AuditOptions,
  ofPerson: readonly string[] = [],
): Promise<Audit> {
  if (instance !== undefined && !GUID.test(instance)) {
    throw new MisuseError(
      "INVALID_INSTANCE",
      `--instance must be a GUID. Received ${JSON.stringify(instance)}.`,
      "You find it in the tag himl-instance:<GUID> of the application, and in the output `details`.",
    );
  }
  const [deployment, lastRun] = await Promise.all([
    exportDeployment(io, selection),
    readLastRun(io, selection),
  ]);
  const state = readRecord(deployment);
  const given = [...(instance === undefined ? [] : [instance]), ...ofPerson].map((id) => id.toLowerCase());
  const ownIds = [...new Set([...instanceIdsOf(state), ...given])];
  const configured = io.env["ARM_SUBSCRIPTION_ID"]?.toLowerCase();
  const record =
    state.subscriptionIds.length === 0 && configured ? { ...state, subscriptionIds: [configured] } : state;

  const azure = connect(
    io,
    logInAsProviders(io, { tenantId: record.tenantId, subscriptionId: record.subscriptionIds[0] }),
  );
  const otherLogin = explainOtherLogin(record, io.env);
  const answers = await readAzure(azure, record).catch((error: unknown) => {
    throw withOtherLogin(error, otherLogin);
  });
  const stack = nameInUrn(deployment) ?? (await readStackName(io, selection));
  const isDestroyUnfinished =
    record.instances.length > 0 &&
    (record.isIncomplete || (lastRun?.kind === "destroy" && lastRun.result !== "succeeded"));
  const comparison = { record, answers, ownIds, stack, now: io.now() };
  return {
    record,
    instanceIds: ownIds,
    stack,
    isDestroyUnfinished,
    azure,
    otherLogin,
    answers,
    findings: sortFindings([
      ...compareState(deployment, answers, io.now()),
      ...(isDestroyUnfinished ? [DESTROY_UNFINISHED] : []),
      // What is still there of a stack that is being destroyed goes with its application.
      ...compareRecorded(comparison).filter(
        ({ code }) => !isDestroyUnfinished || code !== "PRINCIPAL_NOT_RECORDED",
      ),
      ...compareVaultSecrets(comparison),
      ...compareUnmanaged(comparison),
      ...compareOrphans(comparison),
    ]),
    unanswered: [
      ...(record.subscriptionIds.length === 0 ? [UNKNOWN_SUBSCRIPTION] : []),
      ...answers.unanswered,
    ],
    askedAs: await azure.holder(),
  };
}

/** @throws CliError, also where the state is damaged. */
export async function exportDeployment(io: Io, selection: StackSelection): Promise<Deployment> {
  const text = await runPulumi(io, ["stack", "export"], selection, withoutPassphrase(io));
  // Null in a stack that nothing was deployed to.
  return parseJson<{ deployment: Deployment | null }>(text, "pulumi stack export").deployment ?? {};
}

/** The last run that changes Azure, as the history tells, which lists no run that was killed. */
async function readLastRun(io: Io, selection: StackSelection) {
  const args = ["stack", "history", "--json", "--page-size", "10"];
  const text = await runPulumi(io, args, selection, withoutPassphrase(io));
  const runs = parseJson<{ kind?: string; result?: string }[] | null>(text, "pulumi stack history") ?? [];
  return runs.find(({ kind }) => kind === "update" || kind === "destroy");
}

function nameInUrn({ resources = [] }: Deployment): StackName | undefined {
  const [, stack, project] = /^urn:pulumi:([^:]+)::([^:]+)::/.exec(resources[0]?.urn ?? "") ?? [];
  return stack === undefined ? undefined : { stack, project: project! };
}

/** Of a stack without resources. Its name does not always have a project: that is told only by newer backends. */
async function readStackName(io: Io, selection: StackSelection): Promise<StackName | undefined> {
  const args = ["stack", "--show-name", "--fully-qualify-stack-names"];
  const [stack, project] = (await runPulumi(io, args, selection, withoutPassphrase(io)))
    .trim()
    .split("/")
    .reverse();
  return stack === undefined || project === undefined ? undefined : { stack, project };
}

/** This command logs in by the variables ARM_* or the Azure CLI; a login that a program or its settings have is not asked for. */
function explainOtherLogin({ providerLogins }: StackRecord, env: Io["env"]): string | undefined {
  const isNamed = ["ARM_CLIENT_ID", "ARM_USE_OIDC", "ARM_USE_MSI"].some((name) => env[name]);
  if (isNamed || providerLogins.length === 0) return undefined;
  return `The stack's providers have a login of their own, ${providerLogins.join(", ")}, which this command does not use: it uses that of the Azure CLI. To use the stack's login, set ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID to the same values.`;
}

function withOtherLogin(error: unknown, otherLogin: string | undefined): unknown {
  if (!(error instanceof CliError) || otherLogin === undefined) return error;
  return new CliError(error.code, error.message, `${error.remedy}\n${otherLogin}`);
}

const DESTROY_UNFINISHED = createFinding(
  "DESTROY_UNFINISHED",
  "the stack",
  "Something that the last `pulumi up` made is gone from the state, or the last run was a `pulumi destroy` that failed.",
  "`pulumi destroy` goes on with it; `pulumi up` makes the stack whole again.",
);

const UNKNOWN_SUBSCRIPTION: Unanswered = {
  question: "Which roles are left?",
  code: "SUBSCRIPTION_UNKNOWN",
  right: "the subscription, which the stack does not record: ARM_SUBSCRIPTION_ID",
};
