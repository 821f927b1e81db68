import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import envPaths from "env-paths";
import { ClientUnavailableError } from "./availability";
import { lastLines, run } from "./processes";
import { findPython, type Python } from "./python";

/** A Python client that lives in an environment of its own; the name is the one on PyPI. */
type PythonClient =
  "azure-cli" | "azure-keyvault-secrets" | "hi-ml-azure" | "python-dotenv" | "check-jsonschema" | "pulumi";

/** What is installed beside a client: its login; for Pulumi what SDKs of packages import, and a type checker. */
const BESIDE: Partial<Record<PythonClient, string[]>> = {
  "azure-keyvault-secrets": ["azure-identity"],
  pulumi: ["parver", "mypy"],
};

/** A virtual environment in which a client is installed. */
export interface PythonEnvironment {
  /** The interpreter of the environment. */
  python: string;
  /** The folder with its commands, for `PATH`. */
  commands: string;
  /** Version of the client. */
  version: string;
}

const UNUSED_DAYS = 30;

/**
 * The environment of a client, created at first use and kept in the user's cache folder, by Python and pinned
 * requirements.
 *
 * An environment cannot be built under one name and renamed, since pip writes its path into the commands. So each
 * is built in a folder of its own, and a record that names the folder is renamed into place when it is complete: an
 * interrupted installation has no record.
 */
export function pythonEnvironment(client: PythonClient): Promise<PythonEnvironment> {
  let environment = environments.get(client);
  if (environment === undefined) environments.set(client, (environment = findOrCreate(client)));
  return environment;
}

// Suites ask again for the same client; what failed once fails again, and takes as long.
const environments = new Map<PythonClient, Promise<PythonEnvironment>>();

async function findOrCreate(client: PythonClient): Promise<PythonEnvironment> {
  const python = await findPython();
  const requirements = path.join(__dirname, `requirements-${client}.txt`);
  const pinned = await readFile(requirements, "utf8");
  const version = pinnedVersion(pinned, client);
  const key = createHash("sha256")
    .update(JSON.stringify([pinned.replaceAll("\r\n", "\n"), python]))
    .digest("hex")
    .slice(0, 16);
  const cache = path.join(envPaths("himl-service-principal", { suffix: "" }).cache, "clients");
  const record = path.join(cache, `${client}-${key}.json`);

  let folder = await recordedFolder(record);
  if (folder === undefined) {
    await mkdir(cache, { recursive: true });
    await removeUnused(cache, client);
    folder = path.join(cache, `${client}-${key}-${randomUUID().slice(0, 8)}`);
    await install(client, version, requirements, python, folder);
    await writeFile(`${folder}.record`, JSON.stringify({ folder }));
    await rename(`${folder}.record`, record);
  }
  await utimes(folder, new Date(), new Date());
  return { ...layout(folder), version };
}

function layout(folder: string): { python: string; commands: string } {
  return process.platform === "win32"
    ? { python: path.join(folder, "Scripts", "python.exe"), commands: path.join(folder, "Scripts") }
    : { python: path.join(folder, "bin", "python"), commands: path.join(folder, "bin") };
}

function pinnedVersion(pinned: string, client: PythonClient): string {
  const version = new RegExp(`^${client}==(\\S+)$`, "m").exec(pinned)?.[1];
  if (version === undefined) throw new Error(`requirements-${client}.txt must pin ${client} with ==.`);
  return version;
}

async function recordedFolder(record: string): Promise<string | undefined> {
  try {
    const { folder } = JSON.parse(await readFile(record, "utf8")) as { folder: string };
    await stat(layout(folder).python);
    return folder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

// pip, although uv is faster (15 s against 85 s for both, measured): pip is there wherever Python is and follows the
// user's own index, proxy and CA. Without --no-compile it takes 210 s.
async function install(
  client: PythonClient,
  version: string,
  requirements: string,
  python: Python,
  folder: string,
): Promise<void> {
  const started = Date.now();
  process.stderr.write(
    `    installing ${client} ${version} for Python ${python.version}, once, in ${folder}\n`,
  );
  try {
    const made = await run(python.executable, ["-m", "venv", folder], { env: process.env });
    if (made.exitCode !== 0)
      throw new Error(`${python.executable} -m venv failed:\n${lastLines(made.stdout + made.stderr, 10)}`);
    const pip = (...args: string[]) =>
      run(layout(folder).python, ["-m", "pip", "install", "--quiet", ...args], {
        env: process.env,
        timeoutSeconds: 900,
      });
    const installed = await pip(
      "--no-compile",
      "--constraint",
      requirements,
      client,
      ...(BESIDE[client] ?? []),
    );
    if (installed.exitCode !== 0) {
      // With constraints pip calls it a conflict, whether the pins contradict each other or the index cannot be
      // reached. Each pin asked for by itself tells the two apart.
      const served = await pip("--dry-run", "--no-deps", "--requirement", requirements);
      if (served.exitCode !== 0)
        throw new ClientUnavailableError(
          `the package index does not give what is pinned:\n${lastLines(served.stderr, 5)}`,
        );
      throw new Error(`pip cannot install ${client}:\n${lastLines(installed.stderr, 10)}`);
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  process.stderr.write(`    installed in ${Math.round((Date.now() - started) / 1000)} s\n`);
}

/** Environments take up to 1.5 GB: those of former pins, and unfinished ones, go when nobody has used them lately. */
async function removeUnused(cache: string, client: PythonClient): Promise<void> {
  const oldest = Date.now() - UNUSED_DAYS * 24 * 60 * 60 * 1000;
  for (const name of await readdir(cache)) {
    if (!name.startsWith(`${client}-`)) continue;
    const entry = path.join(cache, name);
    const { mtimeMs } = await stat(entry);
    if (mtimeMs < oldest && !name.endsWith(".json")) await rm(entry, { recursive: true, force: true });
  }
}
