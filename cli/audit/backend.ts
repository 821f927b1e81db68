import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { CliError } from "../errors";
import type { Io } from "../io";
import { parseJson } from "../processes";
import { runPulumi, type StackSelection, withoutPassphrase } from "../stack/pulumi";
import type { Deployment } from "./record";

/** Where the state of a stack is kept. */
export type Backend =
  | { readonly kind: "files"; readonly url: string; readonly stack: string; readonly paths: StackPaths }
  /** Pulumi Cloud, or a service that speaks as it does. */
  | { readonly kind: "service"; readonly url: string; readonly stack: string }
  /** A bucket: only the Pulumi CLI can read it. */
  | { readonly kind: "bucket"; readonly url: string; readonly stack: string };

/** Of a backend of files: pkg/backend/diy in the sources of Pulumi. */
export interface StackPaths {
  /** Without `.json`. */
  readonly checkpoint: string;
  readonly locks: string;
  readonly history: string;
}

/** Who holds a stack. */
export interface Lock {
  readonly file: string;
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string;
}

/** A checkpoint that cannot be read, and what there is beside it. */
export interface CutCheckpoint {
  readonly file: string;
  /** The one before, where it can be read. */
  readonly backup?: { readonly file: string; readonly saved: string };
}

const read = async (io: Io, selection: StackSelection, ...args: string[]) =>
  runPulumi(io, args, selection, withoutPassphrase(io));

/** Asks the Pulumi CLI where the stack is. It decrypts nothing, and works with a checkpoint that cannot be read. */
export async function findBackend(io: Io, selection: StackSelection): Promise<Backend> {
  const folder = selection.cwd === undefined ? {} : { cwd: selection.cwd };
  const [login, name] = await Promise.all([
    read(io, folder, "whoami", "--json"),
    read(io, selection, "stack", "--show-name", "--fully-qualify-stack-names"),
  ]);
  const { url } = parseJson<{ url: string }>(login, "pulumi whoami --json");
  const stack = name.trim();
  if (url.startsWith("file://")) {
    return { kind: "files", url, stack, paths: await pathsOf(folderOf(url, selection.cwd), stack) };
  }
  return { kind: /^https?:/.test(url) ? "service" : "bucket", url, stack };
}

/** `file://~`, `file://.` and `file:///C:/states` are all meant as the path they hold. */
function folderOf(url: string, cwd = "."): string {
  const given = decodeURIComponent(url.slice("file://".length).replace(/\?.*$/, ""));
  const isDrive = /^\/[A-Za-z]:/.test(given);
  const folder = given.replace(/^~(?=$|\/|\\)/, homedir().replaceAll("$", "$$$$"));
  return path.resolve(cwd, isDrive ? given.slice(1) : folder);
}

async function pathsOf(folder: string, stack: string): Promise<StackPaths> {
  const root = path.join(folder, ".pulumi");
  const [name = stack, project] = stack.split("/").reverse();
  const meta = (await readText(path.join(root, "meta.yaml"))) ?? "";
  // Backends from before 2023 keep the stacks of all projects in one folder.
  const isByProject = /^version: *[1-9]/m.test(meta) && project !== undefined;
  const below = isByProject ? [project, name] : [name];
  return {
    checkpoint: path.join(root, "stacks", ...below),
    locks: path.join(root, "locks", ...(isByProject ? ["organization", ...below] : below)),
    history: path.join(root, "history", ...below),
  };
}

/** @returns undefined where the checkpoint cannot be read, which is then to be looked at. */
export async function exportDeployment(
  io: Io,
  selection: StackSelection,
): Promise<{ deployment: Deployment } | { unreadable: CliError }> {
  try {
    const text = await read(io, selection, "stack", "export");
    return parseJson<{ deployment: Deployment }>(text, "pulumi stack export");
  } catch (error) {
    if (
      error instanceof CliError &&
      /failed to load checkpoint|unexpected end of JSON|invalid character/.test(error.message)
    ) {
      return { unreadable: error };
    }
    throw error;
  }
}

/** The locks of a backend of files. */
export async function readLocks({ locks }: StackPaths): Promise<Lock[]> {
  const files = (await listFolder(locks)).filter((name) => name.endsWith(".json"));
  return Promise.all(
    files.map(async (name) => {
      const file = path.join(locks, name);
      const lock = parseOrNothing<{ username?: string; hostname?: string; pid?: number; timestamp?: string }>(
        await readText(file),
      );
      return {
        file,
        user: lock?.username ?? "somebody",
        host: lock?.hostname ?? "an unknown host",
        pid: lock?.pid ?? 0,
        since: lock?.timestamp ?? "",
      };
    }),
  );
}

/** The checkpoint that Pulumi reads, and the backup that it wrote beside it. */
export async function examineCheckpoint({ checkpoint }: StackPaths): Promise<CutCheckpoint> {
  const names = await listFolder(path.dirname(checkpoint));
  const [plain, packed] = [`${checkpoint}.json`, `${checkpoint}.json.gz`];
  const file = names.includes(path.basename(plain))
    ? plain
    : names.includes(path.basename(packed))
      ? packed
      : plain;
  for (const backup of [`${file}.bak`, `${plain}.bak`, `${packed}.bak`]) {
    const deployment = await readCheckpoint(backup);
    if (deployment !== undefined) return { file, backup: { file: backup, saved: deployment.saved } };
  }
  return { file };
}

/** The deployment of a file, which may be packed; undefined where there is none that can be read. */
export async function readCheckpoint(
  file: string,
): Promise<{ deployment: Deployment; saved: string } | undefined> {
  const parsed = parseOrNothing<{
    checkpoint?: { latest?: (Deployment & { manifest?: { time?: string } }) | null };
  }>(await readText(file));
  if (parsed?.checkpoint === undefined) return undefined;
  const latest = parsed.checkpoint.latest ?? {};
  return { deployment: latest, saved: latest.manifest?.time ?? "" };
}

/** One run of a stack, as the history keeps it. */
export interface PastRun {
  readonly kind: string;
  readonly deployment: () => Promise<Deployment | undefined>;
}

const MOST_RUNS = 100;

/** The runs of the past, the newest first. */
export async function readHistory(io: Io, selection: StackSelection, backend: Backend): Promise<PastRun[]> {
  if (backend.kind === "files") {
    const { history } = backend.paths;
    const runs = (await listFolder(history)).filter((name) => /\.history\.json(\.gz)?$/.test(name));
    const newest = runs.sort().reverse().slice(0, MOST_RUNS);
    return Promise.all(
      newest.map(async (name) => {
        const run = parseOrNothing<{ kind?: string }>(await readText(path.join(history, name)));
        const checkpoint = path.join(history, name.replace(".history.", ".checkpoint."));
        return {
          kind: run?.kind ?? "",
          deployment: async () => (await readCheckpoint(checkpoint))?.deployment,
        };
      }),
    );
  }
  if (backend.kind === "bucket") return [];
  const text = await read(io, selection, "stack", "history", "--json", "--page-size", String(MOST_RUNS));
  return parseJson<{ kind: string; version: number }[]>(text, "pulumi stack history").map(
    ({ kind, version }) => ({
      kind,
      deployment: async () => {
        const exported = await read(io, selection, "stack", "export", "--version", String(version));
        return parseJson<{ deployment?: Deployment }>(exported, "pulumi stack export").deployment;
      },
    }),
  );
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function readText(file: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  try {
    return (isPacked ? await promisify(gunzip)(bytes) : bytes).toString("utf8");
  } catch {
    // Cut in half, as any text may be.
    return "";
  }
}

function parseOrNothing<T>(text: string | undefined): T | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}
