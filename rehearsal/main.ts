import path from "node:path";
import { parseArgs } from "node:util";
import { printableJson, printableLines } from "../cli/terminal/printable";
import { untilStopped } from "../local-azure/stop-signals";
import { CHAPTERS, findChapter, MORE_CHAPTERS } from "./chapters/chapters";
import type { Chapter } from "./chapters/chapter";
import type * as ownStack from "./own-stack";
import { PROVIDER_NAMES, type ProviderName } from "./stand-ins/provider-names";
import type * as rehearsal from "./rehearsal";
import type { StepReport } from "./story";

// Loaded only when they run: `--help` and a wrong option answer at once. `require`, as in cli/program.ts.
/* oxlint-disable typescript/no-require-imports */
const loadOwnStack = () => require("./own-stack") as typeof ownStack;
const loadRehearsal = () => require("./rehearsal") as typeof rehearsal;
/* oxlint-enable typescript/no-require-imports */

const PROJECT = path.join(__dirname, "..");

const USAGE = `Usage: npm run rehearse -- [options]

Runs the whole life of a stack on this machine, with the real Pulumi engine and a local Azure. You need no account.

  --chapter NAME         run one chapter; may be repeated. Default: all of them
                         ${CHAPTERS.map(({ name }) => name).join(", ")};
                         only if asked for, since it downloads Azurite once: production
  --stack NAME           run the life of your own stack instead, with the settings of Pulumi.NAME.yaml
  --engine PATH          the Pulumi executable to use
  --real-providers LIST  use the real plugins for these providers: ${PROVIDER_NAMES.join(",")}
  --json                 print one JSON document, and nothing else, on stdout
  --help                 print this

Exit code: 0 every step succeeded, 1 a step failed, 2 wrong usage.
`;

const INTRODUCTION = `A real Pulumi engine runs this project's program against a local test double of Azure.
"preview" shows what would change, "up" creates and changes it, "destroy" removes it. A "stack" is Pulumi's record of what exists.
`;

const EXIT = { ok: 0, failed: 1, misuse: 2, SIGINT: 130, SIGTERM: 143 } as const;

class MisuseError extends Error {
  override readonly name = "MisuseError";
  readonly code = "MISUSE";
}

interface Arguments {
  readonly chapters: readonly Chapter[];
  readonly engine: string | undefined;
  readonly realProviders: readonly ProviderName[];
  readonly json: boolean;
  readonly help: boolean;
}

function readArguments(argv: readonly string[]): Arguments {
  const parse = () =>
    parseArgs({
      args: [...argv],
      options: {
        chapter: { type: "string", multiple: true },
        stack: { type: "string" },
        engine: { type: "string" },
        "real-providers": { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  let values: ReturnType<typeof parse>;
  try {
    values = parse();
  } catch (error) {
    throw new MisuseError((error as Error).message);
  }
  return {
    chapters: chooseChapters(values),
    engine: values.engine,
    realProviders: (values["real-providers"] ?? "").split(",").filter(Boolean).map(requireProvider),
    json: values.json,
    help: values.help,
  };
}

function chooseChapters({ stack, chapter }: { stack?: string; chapter?: string[] }): readonly Chapter[] {
  if (stack === undefined) return chapter?.map(requireChapter) ?? CHAPTERS;
  if (chapter !== undefined) throw new MisuseError("--stack must be used without --chapter.");
  const { ownStack, OwnStackError } = loadOwnStack();
  try {
    return [ownStack(PROJECT, stack)];
  } catch (error) {
    throw error instanceof OwnStackError ? new MisuseError(error.message) : error;
  }
}

function requireChapter(name: string): Chapter {
  const chapter = findChapter(name);
  if (chapter !== undefined) return chapter;
  const known = [...CHAPTERS, ...MORE_CHAPTERS].map((one) => one.name).join(", ");
  throw new MisuseError(`--chapter must be one of ${known}. Received ${name}.`);
}

function requireProvider(name: string): ProviderName {
  const known = PROVIDER_NAMES.find((one) => one === name.trim());
  if (known !== undefined) return known;
  throw new MisuseError(`--real-providers must be a list of ${PROVIDER_NAMES.join(", ")}. Received ${name}.`);
}

/** Settings, file names and messages of tools may contain control characters. */
function write(stream: "stdout" | "stderr", text: string): void {
  process[stream].write(printableLines(text));
}

function printStep(step: StepReport): void {
  const seconds = `${(step.ms / 1000).toFixed(1)} s`.padStart(7);
  const [first = "", ...rest] = step.detail.split("\n");
  const more =
    rest.length > 0 ? [first, ...rest].map((line) => `\n${" ".repeat(19)}${line}`).join("") : ` ${first}`;
  write("stdout", `${step.ok ? "  ok    " : "  FAILED"}${seconds}  ${step.name}:${more}\n`);
}

function printEnd(report: rehearsal.RehearsalReport): void {
  const { requests, writes } = report.azure;
  if (report.engine === null || report.error !== undefined) return;
  process.stdout.write(
    `\n${report.ok ? "Every step succeeded." : "A step FAILED."} ` +
      `First up: ${requests} requests to Azure, ${writes} of them writes. Left over: ${report.leftovers}.\n` +
      `Engine: Pulumi ${report.engine.version} (${report.engine.source}). Azure was a test double on this machine.\n`,
  );
}

async function main(): Promise<number> {
  const interruption = new AbortController();
  let interruptedBy: "SIGINT" | "SIGTERM" = "SIGTERM";
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => (interruptedBy = signal));
  void untilStopped().then(() => interruption.abort());
  try {
    const { chapters, engine, realProviders, json, help } = readArguments(process.argv.slice(2));
    if (help) {
      process.stdout.write(USAGE);
      return EXIT.ok;
    }
    if (!json) process.stdout.write(INTRODUCTION);
    const report = await loadRehearsal().rehearse({
      chapters,
      realProviders,
      ...(engine !== undefined && { engine }),
      signal: interruption.signal,
      onProgress: (line) => write("stderr", `${line}\n`),
      onChapter: (chapter) => json || write("stdout", `\n${chapter.title}\n`),
      onStep: (step) => json || printStep(step),
    });
    if (json) process.stdout.write(printableJson(report));
    else printEnd(report);
    if (report.error !== undefined) write("stderr", `${report.error.message}\n`);
    return report.ok ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (interruption.signal.aborted) {
      process.stderr.write("Interrupted. Everything that was started is stopped and removed.\n");
      return EXIT[interruptedBy];
    }
    if (error instanceof MisuseError) {
      write("stderr", `${error.message}\n\n${USAGE}`);
      return EXIT.misuse;
    }
    write("stderr", `${String((error as Error).stack ?? error)}\n`);
    return EXIT.failed;
  }
}

void main().then((code) => {
  // An interrupted engine leaves gRPC channels open, which would keep this process alive.
  process.stdout.write("", () => process.exit(code));
});
