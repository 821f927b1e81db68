import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { RunRequest } from "@pulumi/pulumi/proto/language_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import { type Finished, lastLines, run } from "../../cli/tools/process";
import { serveLanguageHost } from "../../rehearsal/engine/language-host";

/** A language host that runs until it is closed. */
interface ProgramHost {
  /** `runtime:port`, for a session. */
  readonly attached: string;
  close(): void;
}

const BOOTSTRAP = path.join(__dirname, "languages/run_program.py");

/**
 * Runs Python programs as `pulumi-language-python` does, which no registry has: in a process of their own, with Pulumi's
 * own SDK, which is told of engine and stack by its public settings.
 */
export function startPythonHost(python: string, modules: readonly string[]): Promise<ProgramHost> {
  return serve("python", (request, engineAddress, signal) =>
    run(python, ["-u", BOOTSTRAP, JSON.stringify(describe(request, engineAddress))], {
      cwd: request.getInfo()!.getProgramDirectory(),
      env: {
        ...process.env,
        ...configuration(request),
        PYTHONPATH: modules.join(path.delimiter),
        PYTHONDONTWRITEBYTECODE: "1",
      },
      signal,
    }),
  );
}

/** Runs Go programs as `pulumi-language-go` does: builds them, and tells them of engine and stack by their environment. */
export function startGoHost(): Promise<ProgramHost> {
  return serve("go", async (request, engineAddress, signal) => {
    const cwd = request.getInfo()!.getProgramDirectory();
    const folder = await mkdtemp(path.join(tmpdir(), "himl-go-"));
    const program = path.join(folder, process.platform === "win32" ? "program.exe" : "program");
    try {
      const build = await run("go", ["build", "-o", program, "."], { cwd, env: process.env });
      if (build.exitCode !== 0) return build;
      const { project, stack, organization, parallel, dryRun, monitor, engine } = describe(
        request,
        engineAddress,
      );
      return await run(program, [], {
        cwd,
        env: {
          ...process.env,
          ...configuration(request),
          PULUMI_ORGANIZATION: organization,
          PULUMI_PROJECT: project,
          PULUMI_STACK: stack,
          PULUMI_PARALLEL: String(parallel),
          PULUMI_DRY_RUN: String(dryRun),
          PULUMI_MONITOR: monitor,
          PULUMI_ENGINE: engine,
        },
        signal,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

function describe(request: RunRequest, engine: string) {
  return {
    project: request.getProject(),
    stack: request.getStack(),
    organization: request.getOrganization(),
    parallel: request.getParallel(),
    dryRun: request.getDryrun(),
    monitor: request.getMonitorAddress(),
    engine,
  };
}

function configuration(request: RunRequest) {
  return {
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toArray())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
  };
}

async function serve(
  runtime: string,
  runProgram: (request: RunRequest, engineAddress: string, signal: AbortSignal) => Promise<Finished>,
): Promise<ProgramHost> {
  // A program whose resource was refused may wait for ever for an engine that has gone.
  const closed = new AbortController();
  const host = await serveLanguageHost(runtime, (call, callback, engineAddress) => {
    runProgram(call.request, engineAddress, closed.signal).then(
      ({ exitCode, stderr, stdout }) => {
        const response = new language.RunResponse();
        if (exitCode !== 0) response.setError(lastLines(stderr.trim() || stdout, 30));
        callback(null, response);
      },
      (error: unknown) => callback(error as Error),
    );
  });
  return {
    attached: host.environment["PULUMI_DEBUG_LANGUAGES"]!,
    close: () => {
      closed.abort();
      host.close();
    },
  };
}
