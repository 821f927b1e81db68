import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Work } from "./automation-install";
import { isNotFound, run } from "../../cli/tools/process";
import { EngineError } from "./engine-error";

/** The oldest engine that is accepted, and the one in go.mod, beside this file: what is older has not been tried. */
export const ENGINE_VERSION = "3.248.0";

const PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const PROGRESS_EVERY_MS = 10_000;

/** Builds the engine from its Go module into `file`. Takes some minutes the first time, and the Go module proxy. */
export async function buildFromGoModule(file: string, work: Work): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(path.dirname(folder), { recursive: true });
  const temporary = await mkdtemp(`${folder}-`);
  const report = reportProgress(work.progress);
  try {
    const target = path.join(temporary, path.basename(file));
    const flags = `-s -w -X ${VERSION_VARIABLE}=v${ENGINE_VERSION}`;
    const result = await run("go", ["build", "-v", "-trimpath", "-ldflags", flags, "-o", target, PACKAGE], {
      cwd: __dirname,
      env: {
        ...work.env,
        // A workspace or vendoring of the user's would change what is built.
        GOWORK: "off",
        GOFLAGS: "-mod=readonly",
        CGO_ENABLED: "0",
        // Go leaves its work folder behind if it is killed. Inside ours, it is removed with it.
        GOTMPDIR: temporary,
      },
      graceMs: 0,
      ...(work.signal && { signal: work.signal }),
      onStderr: report.take,
    }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      throw new EngineError("ENGINE_UNAVAILABLE", "go is not installed");
    });
    if (result.exitCode !== 0)
      throw new EngineError("ENGINE_UNAVAILABLE", `go build failed: ${lastLine(result.stderr)}`);
    await mkdir(folder, { recursive: true });
    await rename(target, file);
  } finally {
    report.stop();
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
  }
}

// `go build -v` names each module it downloads and each package it has compiled.
function reportProgress(progress: (line: string) => void): {
  take: (text: string) => void;
  stop: () => void;
} {
  const started = Date.now();
  let downloaded = 0;
  let compiled = 0;
  progress(
    `Building the Pulumi engine ${ENGINE_VERSION} from its Go module (once; 3 to 6 minutes on 2 cores) ...`,
  );
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    progress(`  ${seconds} s: ${downloaded} modules downloaded, ${compiled} packages compiled`);
  }, PROGRESS_EVERY_MS);
  return {
    take: (text) => {
      for (const line of text.split("\n").filter(Boolean)) {
        if (line.startsWith("go: downloading")) downloaded++;
        else compiled++;
      }
    },
    stop: () => clearInterval(timer),
  };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
