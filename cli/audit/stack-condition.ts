import { hostname } from "node:os";
import type { Io } from "../io";
import { parseJson } from "../tools/process";
import { runPulumi, type StackSelection, withoutPassphrase } from "../tools/pulumi";
import { tellTime } from "./tell-time";
import { type Backend, type Lock, readLocks } from "./backend";
import type { DamagedCheckpoint } from "./checkpoint";
import type { Unanswered } from "./facts";
import { createFinding, type Finding } from "./findings";
import type { PendingOperation } from "./record";

/** Who holds the stack, as far as its backend shows. */
export async function findLocks(
  io: Io,
  selection: StackSelection,
  backend: Backend,
): Promise<{ findings: Finding[]; unanswered: Unanswered[] }> {
  switch (backend.kind) {
    case "files":
      return { findings: (await readLocks(backend.paths)).map(describeLock), unanswered: [] };
    case "service": {
      const text = await runPulumi(io, ["stack", "ls", "--json"], { ...selection }, withoutPassphrase(io));
      const stacks = parseJson<{ name: string; updateInProgress?: boolean }[]>(
        text,
        "pulumi stack ls --json",
      );
      const isBusy = stacks.some(
        ({ name, updateInProgress }) =>
          updateInProgress && (backend.stack === name || backend.stack.endsWith(`/${name}`)),
      );
      return { findings: isBusy ? [describeRun(backend)] : [], unanswered: [] };
    }
    case "bucket":
      return {
        findings: [],
        unanswered: [
          {
            question: "Is the stack locked?",
            code: "BACKEND_NOT_READ",
            right: "the next run of Pulumi: it says who holds the lock",
          },
        ],
      };
  }
}

export function describeLock(lock: Lock): Finding {
  const isGone = isHolderGone(lock);
  const { holder } = lock;
  return createFinding(
    "STACK_LOCKED",
    `the stack, since ${tellTime(lock.since)}`,
    holder === undefined
      ? `The lock file is incomplete, so it does not say who holds the lock${isGone ? ": the run that wrote it ended in the middle" : ""}. Nothing can run.`
      : `${holder.user}@${holder.host} holds it with the process ${holder.pid}${isGone ? ", which has ended" : ""}. Nothing can run.`,
    isGone ? "`himl-sp repair`" : "Wait for that run. If it has ended: `pulumi cancel`",
    isGone ? { kind: "unlock", file: lock.file } : undefined,
  );
}

function describeRun({ url, stack }: Backend): Finding {
  return createFinding(
    "STACK_LOCKED",
    `the stack ${stack}`,
    `A run is under way, as ${url} says. Nothing else can run.`,
    "Wait for it. If it has ended: `pulumi cancel`",
  );
}

/** A running process finishes writing its lock within milliseconds. */
const LONGEST_WRITE_MS = 60_000;

/** Known only for a process on this machine, or if the lock itself was never finished. */
export function isHolderGone({ holder, since }: Lock): boolean {
  if (holder === undefined) return Date.now() - new Date(since).getTime() > LONGEST_WRITE_MS;
  const { host, pid } = holder;
  if (host !== hostname() || !Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

export function describePending(pending: readonly PendingOperation[]): Finding[] {
  if (pending.length === 0) return [];
  const list = pending.map(({ urn, type }) => `${type} ${urn.split("::").at(-1)}`).join(", ");
  return [
    createFinding(
      "PENDING_OPERATIONS",
      `the stack's state: ${list}`,
      "The engine was stopped during the operation. Azure may or may not have carried it out.",
      "`himl-sp repair`",
      { kind: "clearPending" },
    ),
  ];
}

export function describeCheckpoint({ file, is, attributes, backup }: DamagedCheckpoint): Finding {
  if (is === "whole") {
    return createFinding(
      "STATE_UNREADABLE",
      attributes!,
      "A run ended while it wrote this file, which says of which type the checkpoint beside it is, and Pulumi cannot go on without that. The checkpoint itself is whole.",
      "`himl-sp repair` removes the file. Pulumi writes a new one.",
      { kind: "mend", file },
    );
  }
  const what = `The stack's checkpoint is ${is === "cut" ? "cut" : "missing"}`;
  return createFinding(
    "STATE_UNREADABLE",
    file,
    backup === undefined
      ? `${what}, and neither its backup nor the history beside it can be read.`
      : `${what}. The newest backup is of ${tellTime(backup.saved)}.`,
    backup === undefined
      ? "Restore the file from your own backups."
      : "`himl-sp repair` replaces it with the backup.",
    backup && { kind: "mend", file, backup: backup.file },
  );
}
