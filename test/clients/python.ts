import { ClientUnavailableError } from "./availability";
import { lastLines, run } from "./processes";

/** An interpreter that can make virtual environments. */
export interface Python {
  executable: string;
  version: string;
}

// The pinned requirements install on these; 3.10 lacks scikit-learn and numpy of the pinned versions.
const SUPPORTED = ["3.11", "3.12", "3.13"];

// ensurepip is asked for because Debian leaves it out of python3 unless python3-venv is installed, and then only
// the creation of the environment fails.
const PROBE =
  "import ensurepip, json, platform, sys, venv; print(json.dumps([platform.python_version(), sys.executable]))";

/** Finds the first Python on this machine that the clients can be installed with. */
export async function findPython(): Promise<Python> {
  const refusals: string[] = [];
  for (const [program, ...args] of candidates()) {
    const name = [program, ...args].join(" ");
    const probe = await run(program, [...args, "-c", PROBE], { env: process.env, timeoutSeconds: 20 });
    if (probe.exitCode !== 0) {
      refusals.push(`${name}: ${lastLines(probe.stderr, 1)}`);
      continue;
    }
    const [version, executable] = JSON.parse(probe.stdout) as [string, string];
    if (SUPPORTED.includes(version.split(".", 2).join("."))) return { executable, version };
    refusals.push(`${name}: is Python ${version}`);
  }
  throw new ClientUnavailableError(
    `it needs Python ${SUPPORTED.join(", ")} with venv, and there is none:\n  ${refusals.join("\n  ")}`,
  );
}

function candidates(): [string, ...string[]][] {
  const named: [string, ...string[]][] = SUPPORTED.map((version) => [`python${version}`]);
  // On Windows the versions are told apart by the launcher `py` (PEP 397).
  const launched: [string, ...string[]][] =
    process.platform === "win32" ? SUPPORTED.map((version) => ["py", `-${version}`]) : [];
  return [...named, ...launched, ["python3"], ["python"]];
}
