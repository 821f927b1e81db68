import { cp, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { CliError } from "../errors";
import type { Io } from "../io";
import { parseJson } from "../tools/process";
import { runPulumi, type StackSelection, withoutPassphrase } from "../tools/pulumi";
import { examineCheckpoint, readCheckpoint } from "./checkpoint";
import type { Deployment } from "./deployment";
import { listFolder, parseOrNothing, readText, type StackPaths } from "./state-files";

/** Where the state of a stack is kept. */
export type Backend =
  | { readonly kind: "files"; readonly url: string; readonly stack: string; readonly paths: StackPaths }
  /** Pulumi Cloud, or a service that speaks as it does. */
  | { readonly kind: "service"; readonly url: string; readonly stack: string }
  /** A bucket: only the Pulumi CLI can read it. */
  | { readonly kind: "bucket"; readonly url: string; readonly stack: string };

/** The holder of a stack's lock. */
export interface Lock {
  readonly file: string;
  readonly since: string;
  /** Missing where the lock cannot be read. */
  readonly holder?: { readonly user: string; readonly host: string; readonly pid: number };
}

const read = async (io: Io, selection: StackSelection, ...args: string[]) =>
  runPulumi(io, args, selection, withoutPassphrase(io));

/** Asks the Pulumi CLI where the stack is. Decrypts nothing, and works if the checkpoint cannot be read. */
export async function findBackend(io: Io, selection: StackSelection): Promise<Backend> {
  const folder = selection.cwd === undefined ? {} : { cwd: selection.cwd };
  const naming = read(io, selection, ...SHOW_NAME);
  naming.catch(() => undefined);
  const { url } = parseJson<{ url: string }>(
    await read(io, folder, "whoami", "--json"),
    "pulumi whoami --json",
  );
  if (!url.startsWith("file://")) {
    return { kind: /^https?:/.test(url) ? "service" : "bucket", url, stack: (await naming).trim() };
  }
  const root = folderOf(url, selection.cwd);
  const backendOf = async (stack: string) => ({
    kind: "files" as const,
    url,
    stack,
    paths: await pathsOf(root, stack),
  });
  try {
    return await backendOf((await naming).trim());
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const stack = await nameDamagedStack(io, selection, root);
    const backend = stack === undefined ? undefined : await backendOf(stack);
    if (backend === undefined || (await examineCheckpoint(backend.paths)) === undefined) throw error;
    return backend;
  }
}

const SHOW_NAME = ["stack", "--show-name", "--fully-qualify-stack-names"];
const EMPTY_CHECKPOINT = JSON.stringify({ version: 3, checkpoint: { latest: null } });

/**
 * Pulumi does not name a stack whose checkpoint is missing or has broken attributes. So it is asked in a temporary backend
 * with the same stacks, all of them empty and intact, and selects the stack there by its own rules.
 */
async function nameDamagedStack(
  io: Io,
  selection: StackSelection,
  root: string,
): Promise<string | undefined> {
  const copy = await mkdtemp(path.join(tmpdir(), "himl-sp-stacks-"));
  try {
    const [from, to] = [path.join(root, ".pulumi"), path.join(copy, ".pulumi")];
    await mkdir(to);
    await cp(path.join(from, "meta.yaml"), path.join(to, "meta.yaml")).catch(() => undefined);
    for (const name of await listFolder(path.join(from, "stacks"), { recursive: true })) {
      const checkpoint = /^(.*\.json)(\.gz)?(\.bak)?$/.exec(name)?.[1];
      if (checkpoint === undefined) continue;
      const file = path.join(to, "stacks", checkpoint);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, EMPTY_CHECKPOINT);
    }
    const env = { ...withoutPassphrase(io), PULUMI_BACKEND_URL: pathToFileURL(copy).href };
    return (await runPulumi(io, SHOW_NAME, selection, env)).trim();
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** `file://~`, `file://.` and `file:///C:/states` all mean the path in them. */
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
    backups: path.join(root, "backups", ...below),
  };
}

/** @throws CliError, also if the checkpoint cannot be read: see `examineCheckpoint`. */
export async function exportDeployment(io: Io, selection: StackSelection): Promise<Deployment> {
  const text = await read(io, selection, "stack", "export");
  // Null in a stack that nothing was deployed to.
  return parseJson<{ deployment: Deployment | null }>(text, "pulumi stack export").deployment ?? {};
}

/** The locks of a file backend. To Pulumi every file there is a lock, even one that it did not finish writing. */
export async function readLocks({ locks }: StackPaths): Promise<Lock[]> {
  const files = (await listFolder(locks)).filter((name) => !name.endsWith(".attrs"));
  const found = await Promise.all(
    files.map(async (name): Promise<Lock | undefined> => {
      const file = path.join(locks, name);
      const written = await stat(file).catch(() => undefined);
      // A run that was under way has ended since.
      if (written === undefined) return undefined;
      const lock = parseOrNothing<{ username?: string; hostname?: string; pid?: number; timestamp?: string }>(
        await readText(file),
      );
      if (typeof lock?.pid !== "number" || typeof lock.hostname !== "string") {
        return { file, since: written.mtime.toISOString() };
      }
      const { username: user = "somebody", hostname: host, pid, timestamp } = lock;
      return { file, since: timestamp ?? written.mtime.toISOString(), holder: { user, host, pid } };
    }),
  );
  return found.filter((lock) => lock !== undefined);
}

/** One run in the history of a stack. */
export interface PastRun {
  readonly kind: string;
  /** How many resources it deleted; of a refresh, how many it found missing in Azure. */
  readonly deleted: number;
  readonly deployment: () => Promise<Deployment | undefined>;
}

/** As Pulumi writes it. */
interface HistoryEntry {
  readonly kind?: string;
  readonly resourceChanges?: { readonly delete?: number };
}

const describeRun = ({ kind = "", resourceChanges }: HistoryEntry) => ({
  kind,
  deleted: resourceChanges?.delete ?? 0,
});

const MOST_RUNS = 100;

/** The runs in the history, newest first. */
export async function readHistory(io: Io, selection: StackSelection, backend: Backend): Promise<PastRun[]> {
  if (backend.kind === "files") {
    const { history } = backend.paths;
    const runs = (await listFolder(history)).filter((name) => /\.history\.json(\.gz)?$/.test(name));
    const newest = runs.sort().reverse().slice(0, MOST_RUNS);
    return Promise.all(
      newest.map(async (name) => {
        const run = parseOrNothing<HistoryEntry>(await readText(path.join(history, name)));
        const checkpoint = path.join(history, name.replace(".history.", ".checkpoint."));
        return {
          ...describeRun(run ?? {}),
          deployment: async () => (await readCheckpoint(checkpoint))?.deployment,
        };
      }),
    );
  }
  if (backend.kind === "bucket") return [];
  const text = await read(io, selection, "stack", "history", "--json", "--page-size", String(MOST_RUNS));
  return parseJson<(HistoryEntry & { version: number })[]>(text, "pulumi stack history").map((run) => ({
    ...describeRun(run),
    deployment: async () => {
      const exported = await read(io, selection, "stack", "export", "--version", String(run.version));
      return parseJson<{ deployment?: Deployment }>(exported, "pulumi stack export").deployment;
    },
  }));
}
