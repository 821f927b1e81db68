import { stat } from "node:fs/promises";
import path from "node:path";
import envPaths from "env-paths";
import semver from "semver";
import { installWithAutomationApi } from "./automation-install";
import { findExecutable } from "../../cli/tools/executables";
import { run } from "../../cli/tools/process";
import { EngineError } from "./engine-error";
import { buildFromGoModule, ENGINE_VERSION } from "./go-build";

/** Where an engine came from. */
export type EngineSource = "--engine" | "PATH" | "cache" | "automation-api" | "go-build";

/** A Pulumi engine that has answered with its version. */
export interface Engine {
  readonly path: string;
  readonly version: string;
  readonly source: EngineSource;
}

/** How to obtain an engine. */
interface ObtainOptions {
  /** A path that was asked for. Nothing else is tried then. */
  readonly engine?: string;
  /** Takes what is done meanwhile, a line each. */
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Where engines are kept. @default the user's cache folder */
  readonly cacheFolder?: string;
  /** Whether the Automation API may download one. @default true */
  readonly download?: boolean;
  /** @default that of this process */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const EXECUTABLE = process.platform === "win32" ? "pulumi.exe" : "pulumi";

/** The engine asked for; else one that is here, on PATH or from an earlier run; else a download; else a build. */
export async function obtainEngine(options: ObtainOptions = {}): Promise<Engine> {
  const env = options.env ?? process.env;
  const progress = options.onProgress ?? ((): void => undefined);
  const probe = (file: string, source: EngineSource): Promise<Engine> =>
    probeEngine(file, source, env, options.signal);

  if (options.engine !== undefined) return probe(path.resolve(options.engine), "--engine");

  const refusals: string[] = [];
  const attempt = async (name: string, obtain: () => Promise<Engine>): Promise<Engine | undefined> => {
    try {
      return await obtain();
    } catch (error) {
      if (options.signal?.aborted) throw error;
      refusals.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };

  const onPath = findExecutable("pulumi", env);
  if (onPath !== undefined) {
    const engine = await attempt("PATH", () => probe(onPath, "PATH"));
    if (engine !== undefined) return engine;
    progress(refusals.at(-1) ?? "");
  }

  const cache =
    options.cacheFolder ?? path.join(envPaths("himl-service-principal", { suffix: "" }).cache, "engine");
  const downloaded = path.join(cache, "automation-api", "bin", EXECUTABLE);
  const built = path.join(cache, `go-build-${ENGINE_VERSION}`, EXECUTABLE);
  for (const file of [downloaded, built]) {
    if (!(await isFile(file))) continue;
    const engine = await attempt("cache", () => probe(file, "cache"));
    if (engine !== undefined) return engine;
  }

  const work = { env, progress, ...(options.signal && { signal: options.signal }) };
  return (
    (await attempt("automation-api", async () => {
      if (options.download === false) throw new EngineError("ENGINE_UNAVAILABLE", "not wanted");
      await installWithAutomationApi(path.join(cache, "automation-api"), work);
      return probe(downloaded, "automation-api");
    })) ??
    (await attempt("go-build", async () => {
      await buildFromGoModule(built, work);
      return probe(built, "go-build");
    })) ??
    unavailable(refusals)
  );
}

async function probeEngine(
  file: string,
  source: EngineSource,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal | undefined,
): Promise<Engine> {
  const remedy = "Name the pulumi executable of an installation, or leave --engine out.";
  const failed = (what: string): EngineError =>
    new EngineError(
      "ENGINE_NOT_FOUND",
      `The engine must be a Pulumi CLI. Received ${file}, ${what}.\n${remedy}`,
    );
  const answer = await run(file, ["version"], {
    env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    graceMs: 0,
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw failed(`which cannot be run (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  });
  const version = semver.parse(answer.stdout.trim());
  if (answer.exitCode !== 0 || version === null) throw failed(`whose answer to "version" is not a version`);
  if (semver.lt(version, ENGINE_VERSION)) {
    throw new EngineError(
      "ENGINE_TOO_OLD",
      `The engine must be version ${ENGINE_VERSION} or later. Received ${version.version} from ${file}.\nUpdate it: https://www.pulumi.com/docs/install/`,
    );
  }
  return { path: file, version: version.version, source };
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}

function unavailable(refusals: readonly string[]): never {
  throw new EngineError(
    "ENGINE_UNAVAILABLE",
    `The rehearsal needs a Pulumi engine, and none could be obtained.\n${refusals.map((line) => `  ${line}`).join("\n")}\n` +
      `Install Pulumi (https://www.pulumi.com/docs/install/) or Go (https://go.dev/dl/), or name an engine with --engine.`,
  );
}
