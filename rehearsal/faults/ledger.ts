import { createHash } from "node:crypto";
import { appendFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { Outcome } from "./trial";

const PROJECT = path.resolve(__dirname, "../..");
const SOURCES = [
  "index.ts",
  "Pulumi.yaml",
  "package-lock.json",
  "components",
  "stack",
  "cli",
  "rehearsal",
  "local-azure",
];

/** What has been found so far, kept in a file, so that a run that was stopped can go on. A change of the sources begins anew. */
export class Ledger {
  private constructor(
    private readonly file: string,
    readonly outcomes: Map<string, Outcome>,
  ) {}

  static async open(fresh: boolean): Promise<Ledger> {
    const folder = path.join(PROJECT, "node_modules", ".cache", "himl-faults");
    const file = path.join(folder, `${await fingerprint()}.jsonl`);
    await mkdir(folder, { recursive: true });
    if (fresh) await rm(file, { force: true });
    const text = await readFile(file, "utf8").catch(() => "");
    // The last line of a run that was killed may be cut.
    const lines = text.split("\n").slice(0, -1);
    const outcomes = lines.map((line) => JSON.parse(line) as Outcome);
    return new Ledger(file, new Map(outcomes.map((outcome) => [outcome.id, outcome])));
  }

  async add(outcome: Outcome): Promise<void> {
    this.outcomes.set(outcome.id, outcome);
    await appendFile(this.file, `${JSON.stringify(outcome)}\n`);
  }
}

async function fingerprint(): Promise<string> {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    for (const file of await filesOf(path.join(PROJECT, source))) {
      hash.update(path.relative(PROJECT, file)).update(await readFile(file));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

async function filesOf(entry: string): Promise<string[]> {
  const below = await readdir(entry, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (below === undefined) return [entry];
  return below
    .filter((one) => one.isFile())
    .map((one) => path.join(one.parentPath, one.name))
    .sort();
}
