import { stat } from "node:fs/promises";
import path from "node:path";
import type { Deployment } from "./deployment";
import { listFolder, parseOrNothing, readText, type StackPaths } from "./state-files";

/** A checkpoint that Pulumi cannot read, and its best replacement. */
export interface DamagedCheckpoint {
  readonly file: string;
  /** `whole`: only what stands beside it is damaged. */
  readonly is: "whole" | "cut" | "missing";
  /** The file with its attributes, where that cannot be read. */
  readonly attributes?: string;
  /** The newest that can be read: the one before, or what a run of the past has left. */
  readonly backup?: { readonly file: string; readonly saved: string };
}

/**
 * What is wrong with the checkpoint, if anything. Pulumi writes the checkpoint to another file and renames that. But first
 * it overwrites the attributes (`.attrs`: media type and checksum) in place. A run that is killed meanwhile leaves them
 * empty, and then no command of Pulumi works. Without the attributes file, all commands work.
 */
export async function examineCheckpoint(paths: StackPaths): Promise<DamagedCheckpoint | undefined> {
  const file = await findCheckpoint(paths);
  const attributes = `${file}.attrs`;
  const text = await readText(attributes);
  const areCut = text !== undefined && parseOrNothing(text) === undefined;
  const found = await readCheckpoint(file);
  const damaged = { file, ...(areCut && { attributes }) };
  if (found !== undefined) return areCut ? { ...damaged, is: "whole" } : undefined;
  const is = (await readText(file)) === undefined ? "missing" : "cut";
  const backup = await findBackup(paths);
  // A stack of this name may never have been.
  if (is === "missing" && backup === undefined) return undefined;
  return { ...damaged, is, ...(backup && { backup }) };
}

/** The file that Pulumi reads: if there is a plain and a compressed one, the newer. */
async function findCheckpoint({ checkpoint }: StackPaths): Promise<string> {
  const [plain, packed] = [`${checkpoint}.json`, `${checkpoint}.json.gz`];
  const [time, timeOfPacked] = await Promise.all(
    [plain, packed].map(async (file) => (await stat(file).catch(() => undefined))?.mtimeMs),
  );
  if (timeOfPacked === undefined) return plain;
  return time !== undefined && time > timeOfPacked ? plain : packed;
}

/** The newest by the time in it: a run may have ended after the last backup. */
async function findBackup({
  checkpoint,
  history,
  backups,
}: StackPaths): Promise<DamagedCheckpoint["backup"]> {
  const inFolder = async (folder: string, names: RegExp) =>
    (await listFolder(folder))
      .filter((name) => names.test(name))
      .sort()
      .reverse()
      .slice(0, MOST_BACKUPS)
      .map((name) => path.join(folder, name));
  const files = [
    `${checkpoint}.json.bak`,
    `${checkpoint}.json.gz.bak`,
    ...(await inFolder(history, /\.checkpoint\.json(\.gz)?$/)),
    ...(await inFolder(backups, /\.json(\.gz)?$/)),
  ];
  let newest: DamagedCheckpoint["backup"];
  for (const file of files) {
    const saved = (await readCheckpoint(file))?.saved;
    if (saved !== undefined && (newest === undefined || new Date(saved) > new Date(newest.saved))) {
      newest = { file, saved };
    }
  }
  return newest;
}

/** Only the newest of each folder: these files are large. */
const MOST_BACKUPS = 5;

/** The deployment in a file, which may be compressed. Undefined if it cannot be read. */
export async function readCheckpoint(
  file: string,
): Promise<{ deployment: Deployment; saved: string } | undefined> {
  const parsed = parseOrNothing<{
    checkpoint?: { latest?: (Deployment & { manifest?: { time?: string } }) | null };
  } | null>(await readText(file));
  if (typeof parsed?.checkpoint !== "object") return undefined;
  const latest = parsed.checkpoint?.latest ?? {};
  return { deployment: latest, saved: latest.manifest?.time ?? "" };
}
