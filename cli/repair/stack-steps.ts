import { randomUUID } from "node:crypto";
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import path from "node:path";
import { type Backend, type Lock, readLocks } from "../audit/backend";
import { readCheckpoint } from "../audit/checkpoint";
import { describeLock, isHolderGone } from "../audit/stack-condition";
import { CliError } from "../errors";
import type { Io } from "../io";
import { parseJson } from "../tools/process";
import { runPulumi, type StackSelection } from "../tools/pulumi";

/** Removes a lock whose holder has ended. It is no failure if the lock is gone already. */
export async function unlock(backend: Backend, file: string): Promise<void> {
  if (backend.kind !== "files") return;
  const lock = (await readLocks(backend.paths)).find((one) => one.file === file);
  if (lock === undefined) return;
  if (!isHolderGone(lock)) throw lockedBy(lock);
  await rm(file, { force: true });
  await rm(`${file}.attrs`, { force: true });
}

/**
 * Replaces a checkpoint that cannot be read with the backup. There is a checkpoint at every moment, and the broken one
 * stays beside it, with the ending `.cut`.
 */
export async function mend(file: string, backup: string | undefined): Promise<void> {
  if (backup !== undefined && (await readCheckpoint(file)) === undefined) {
    // A packed checkpoint and a plain one have different names.
    const mended = file.replace(/\.gz$/, "") + (/\.gz(\.bak)?$/.test(backup) ? ".gz" : "");
    const temporary = `${mended}.mending`;
    await copyFile(backup, temporary);
    await ignoreMissing(copyFile(file, `${file}.cut`));
    await rename(temporary, mended);
    if (mended !== file) await rm(file, { force: true });
    await rm(`${mended}.attrs`, { force: true });
  }
  // Pulumi does without them, and writes them anew.
  await rm(`${file}.attrs`, { force: true });
}

async function ignoreMissing(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Removes pending operations from the state. Needs the passphrase: Pulumi encrypts the state again. */
export async function clearPendingOperations(io: Io, selection: StackSelection): Promise<void> {
  const text = await runPulumi(io, ["stack", "export"], selection);
  const state = parseJson<{ deployment: { pending_operations?: unknown } }>(text, "pulumi stack export");
  delete state.deployment.pending_operations;
  await runPulumi(io, ["stack", "import"], selection, io.env, JSON.stringify(state));
}

/**
 * Keeps every other run out while something is removed. What another run creates is missing in the state for some seconds,
 * and would look like a leftover.
 *
 * @throws CliError if a run is in progress.
 */
export async function whileNobodyRuns<T>(
  io: Io,
  selection: StackSelection,
  backend: Backend,
  work: () => Promise<T>,
): Promise<T> {
  if (backend.kind !== "files") {
    await requireNobody(io, selection);
    return work();
  }
  const { locks } = backend.paths;
  const file = path.join(locks, `${randomUUID()}.json`);
  const content = {
    pid: process.pid,
    username: userInfo().username,
    hostname: hostname(),
    timestamp: new Date().toISOString(),
  };
  await mkdir(locks, { recursive: true });
  await writeFile(file, JSON.stringify(content), { flag: "wx" });
  try {
    // As Pulumi does: look again once the own lock is there, so that of two at once none goes on unseen.
    const other = (await readLocks(backend.paths)).find((lock) => lock.file !== file);
    if (other !== undefined) throw lockedBy(other);
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** For backends whose locks only Pulumi can see: a refresh of nothing fails if there is one, and names its holder. */
async function requireNobody(io: Io, selection: StackSelection): Promise<void> {
  const nothing = "urn:pulumi:none::none::none:index:None::none";
  try {
    await runPulumi(io, ["refresh", "--yes", "--skip-preview", "--target", nothing], selection);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (!/locked by|\[409\]|another update/i.test(error.message)) return;
    throw new CliError(
      "STACK_LOCKED",
      `Somebody has locked the stack. ${error.message}`,
      "Wait for that run. If it has ended: `pulumi cancel`, then `himl-sp repair` again.",
    );
  }
}

function lockedBy(lock: Lock): CliError {
  const { what, detail, remedy } = describeLock(lock);
  return new CliError("STACK_LOCKED", `Locked: ${what}. ${detail}`, remedy);
}
