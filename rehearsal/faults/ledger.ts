import { appendFile, mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { run } from "../../cli/tools/process";
import { fingerprint } from "./sources";
import { isAsItShouldBe, type Outcome } from "./trial";

const PROJECT = path.resolve(__dirname, "../..");

/** What became of a case, and of which sources. */
export interface Entry {
  readonly outcome: Outcome;
  readonly sources: string;
  /** The commit that was checked out; with `+` there were changes to it. */
  readonly commit: string;
}

/**
 * What has been found so far, kept in a file, so that a run that was stopped can go on. Where the sources that a case runs
 * have changed, the case is run again; until then the page tells what was found before, and at which commit.
 */
export class Ledger {
  private constructor(
    private readonly file: string,
    private readonly sources: string,
    private readonly commit: string,
    /** The latest of each case. */
    readonly entries: Map<string, Entry>,
  ) {}

  static async open(fresh: boolean): Promise<Ledger> {
    const folder = path.join(PROJECT, "node_modules", ".cache", "himl-faults");
    const file = path.join(folder, "outcomes.jsonl");
    await mkdir(folder, { recursive: true });
    if (fresh) await rm(file, { force: true });
    const text = await readFile(file, "utf8").catch(() => "");
    // The last line of a run that was killed may be cut.
    const entries = text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Entry);
    return new Ledger(
      file,
      await fingerprint(),
      await readCommit(),
      new Map(entries.map((entry) => [entry.outcome.id, entry])),
    );
  }

  /** Whether a case has been run with the sources of today. */
  has(id: string): boolean {
    return this.entries.get(id)?.sources === this.sources;
  }

  /** The lower, the sooner to be run: what went wrong, what has never been run, what went well with other sources. */
  turnOf(id: string): number {
    const known = this.entries.get(id);
    if (known === undefined) return 1;
    return isAsItShouldBe(known.outcome) ? 2 : 0;
  }

  async add(outcome: Outcome): Promise<void> {
    const entry: Entry = { outcome, sources: this.sources, commit: this.commit };
    this.entries.set(outcome.id, entry);
    await appendFile(this.file, `${JSON.stringify(entry)}\n`);
  }
}

async function readCommit(): Promise<string> {
  const git = async (...args: string[]) =>
    (await run("git", args, { cwd: PROJECT, env: process.env })).stdout.trim();
  try {
    const changes = await git("status", "--porcelain", "--", ".", ":!docs/evidence/faults.md");
    return `${await git("rev-parse", "--short", "HEAD")}${changes === "" ? "" : "+"}`;
  } catch {
    return "unknown";
  }
}
