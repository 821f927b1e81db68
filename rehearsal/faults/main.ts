import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import * as prettier from "prettier";
import { obtainEngine } from "../engine/engine";
import { type FaultCase, idOf, listCases, type PhaseRecord } from "./cases";
import { Ledger } from "./ledger";
import { summarize, writePage } from "./table";
import { isAsItShouldBe } from "./trial";
import type { FromWorker, ToWorker } from "./worker";

const PAGE = path.resolve(__dirname, "../../docs/evidence/faults.md");

const USAGE = `Usage: npm run test:faults -- [options]

Injects every fault into every request in the life of a stack, one at a time, and writes docs/evidence/faults.md. A run that was stopped
continues where it stopped. A case runs again if the sources that it uses have changed.

  --fresh         begin again with all cases
  --only TEXT     run only cases whose name contains this text, and do not write the page
  --minutes N     start no case after that time; the page says which cases have not run yet
  --worlds N      how many cases run side by side. Default: one for each core
  --help          print this

Exit code: 0 every case that ran was repaired and left nothing behind, 1 otherwise, 2 wrong usage.
`;

interface Options {
  readonly fresh: boolean;
  readonly only: string | undefined;
  readonly minutes: number;
  readonly worlds: number;
}

/** Deals the cases out to the workers; gives them in the order of the page, and how many could not be run. */
async function runAll(
  ledger: Ledger,
  options: Options,
): Promise<{ cases: readonly FaultCase[]; broken: number }> {
  const engine = await obtainEngine({ onProgress: say });
  let cases: readonly FaultCase[] | undefined;
  let open: FaultCase[] = [];
  const started = Date.now();
  let done = 0;
  const brokenOnce = new Set<string>();
  let broken = 0;
  let all = 0;
  const begin = (life: readonly PhaseRecord[]): void => {
    if (cases !== undefined) return;
    cases = listCases(life).filter((one) => options.only === undefined || idOf(one).includes(options.only));
    open = inTurn(cases.filter((one) => !ledger.has(idOf(one)))).sort(
      (a, b) => ledger.turnOf(idOf(a)) - ledger.turnOf(idOf(b)),
    );
    all = open.length;
    const rest = open.length < cases.length ? `, ${open.length} of them still to run` : "";
    say(`${cases.length} cases${rest}, in ${options.worlds} worlds side by side`);
  };
  const isTime = () => Date.now() - started < options.minutes * 60_000;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(path.join(__dirname, "worker.ts"), {
        workerData: engine,
        execArgv: ["-r", "ts-node/register/transpile-only"],
      });
      worker.on("error", reject);
      worker.on("exit", () => resolve());
      let current: FaultCase | undefined;
      const next = (): void => {
        current = isTime() ? open.shift() : undefined;
        worker.postMessage(current satisfies ToWorker);
      };
      worker.on("message", (message: FromWorker) => {
        if (message.kind === "lived") {
          begin(message.life);
          return next();
        }
        done++;
        const progress = `${done}/${all} (${((Date.now() - started) / 60_000).toFixed(1)} min)`;
        if (message.kind === "broken") {
          say(`BROKEN ${progress} ${message.id}: ${message.why}`);
          // Once more, at the end: what failed may have been the machine.
          if (brokenOnce.has(message.id)) broken++;
          else open.push(current!);
          brokenOnce.add(message.id);
          return;
        }
        const { outcome } = message;
        const word = isAsItShouldBe(outcome) ? "ok    " : "FAILED";
        say(
          `${word} ${progress} ${outcome.id}: ${outcome.operation}; again: ${outcome.plain}; repair: ${outcome.repair}; left: ${outcome.left}; ${outcome.seconds} s`,
        );
        ledger.add(outcome).then(next, reject);
      });
    });
  // A worker with a broken case ends, and another one takes its place.
  const workOn = async (): Promise<void> => {
    do await work();
    while (open.length > 0 && isTime());
  };
  await Promise.all(Array.from({ length: options.worlds }, workOn));
  say(`${done} cases run`);
  return { cases: cases!, broken };
}

/** One of each fault in each phase, then the next ones: in little time something of everything is seen. */
function inTurn(cases: readonly FaultCase[]): FaultCase[] {
  const seen = new Map<string, number>();
  const turns = cases.map((one) => {
    const kind = `${one.phase}: ${one.fault}`;
    const turn = seen.get(kind) ?? 0;
    seen.set(kind, turn + 1);
    return { one, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ one }) => one);
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  const ledger = await Ledger.open(options.fresh);
  const { cases, broken } = await runAll(ledger, options);
  const outcomes = cases.flatMap((one) => ledger.entries.get(idOf(one))?.outcome ?? []);
  process.stdout.write(`${summarize(outcomes, cases.length)}\n`);
  if (options.only === undefined) {
    const page = writePage(cases, ledger.entries);
    await writeFile(
      PAGE,
      await prettier.format(page, { ...(await prettier.resolveConfig(PAGE)), parser: "markdown" }),
    );
  }
  return broken === 0 && outcomes.every(isAsItShouldBe) ? 0 : 1;
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        fresh: { type: "boolean", default: false },
        minutes: { type: "string", default: "Infinity" },
        only: { type: "string" },
        worlds: { type: "string", default: String(cpus().length) },
        help: { type: "boolean", default: false },
      },
    });
    const worlds = Number(values.worlds);
    if (!Number.isInteger(worlds) || worlds < 1)
      throw new RangeError(`--worlds must be a positive whole number. Received ${values.worlds}.`);
    const minutes = Number(values.minutes);
    if (!(minutes > 0))
      throw new RangeError(`--minutes must be a positive number. Received ${values.minutes}.`);
    if (!values.help) return { fresh: values.fresh, only: values.only, minutes, worlds };
    process.stdout.write(USAGE);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return undefined;
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

void main().then((code) => process.exit(code));
