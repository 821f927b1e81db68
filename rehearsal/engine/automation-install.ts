import { mkdtemp, mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { run } from "../../cli/tools/process";
import { EngineError } from "./engine-error";

/** What an acquisition needs from its surroundings. */
export interface Work {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal;
}

// In a process of its own, which can be killed: `install` takes no signal. It puts the CLI into <root>/bin.
const INSTALL = `
const { PulumiCommand } = require(${JSON.stringify(require.resolve("@pulumi/pulumi/automation"))});
PulumiCommand.install({ root: process.argv[1] }).catch((error) => { process.stderr.write(error.message); process.exit(1); });
`;

/** Has the Automation API download the CLI that belongs to the SDK. */
export async function installWithAutomationApi(folder: string, work: Work): Promise<void> {
  await refuseWithoutNetwork(work.signal);
  work.progress("Downloading the Pulumi engine (once) ...");
  await mkdir(path.dirname(folder), { recursive: true });
  const temporary = await mkdtemp(`${folder}-`);
  try {
    const result = await run(process.execPath, ["-e", INSTALL, temporary], {
      env: work.env,
      graceMs: 0,
      ...(work.signal && { signal: work.signal }),
    });
    if (result.exitCode !== 0) throw new EngineError("ENGINE_UNAVAILABLE", firstLine(result.stderr));
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

// The Automation API itself would wait for two minutes.
async function refuseWithoutNetwork(signal: AbortSignal | undefined): Promise<void> {
  const limits = [AbortSignal.timeout(3000), ...(signal ? [signal] : [])];
  const response = await fetch("https://get.pulumi.com/install.sh", {
    method: "HEAD",
    signal: AbortSignal.any(limits),
  }).catch(() => undefined);
  if (response?.ok !== true) throw new EngineError("ENGINE_UNAVAILABLE", "get.pulumi.com cannot be reached");
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] || "the installation failed";
}
