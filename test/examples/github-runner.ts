import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { readAsGithubEnv } from "../cli/readers";
import type { PipelineStage, StepResult } from "./pipeline-stage";

interface WorkflowStep {
  name?: string;
  uses?: string;
  with?: Record<string, unknown>;
  run?: string;
  if?: string;
  env?: Record<string, string>;
  "working-directory"?: string;
}

interface Workflow {
  jobs: Record<string, { env?: Record<string, string>; steps: WorkflowStep[] }>;
}

/** What the expressions of a workflow can name. */
export interface Contexts {
  secrets?: Record<string, string>;
  vars?: Record<string, string>;
  inputs?: Record<string, string>;
}

export interface JobOptions extends Contexts {
  /** GITHUB_WORKSPACE: as after the checkout. */
  workspace: string;
  /** What `azure/login` does with its inputs. */
  logIn?: (inputs: Record<string, string>) => Promise<void>;
  /** Instead of running it: `undefined` runs it. */
  replace?: (run: string, env: Record<string, string>) => StepResult["outcome"] | undefined;
}

/** Actions that only bring to the machine what this one has. */
const PRETENDED = ["actions/checkout", "actions/setup-node", "actions/setup-python", "pulumi/actions"];

/** Runs the steps of a workflow's job in order, as the runner of GitHub Actions does on Linux. */
export async function runJob(stage: PipelineStage, text: string, options: JobOptions): Promise<StepResult[]> {
  const [job] = Object.values((parse(text) as Workflow).jobs);
  const evaluateAll = (values: Record<string, unknown> = {}) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, evaluate(String(value), options)]),
    );
  const files = {
    GITHUB_ENV: await stage.newFile("env"),
    GITHUB_PATH: await stage.newFile("path"),
    GITHUB_OUTPUT: await stage.newFile("output"),
  };
  const results: StepResult[] = [];
  let hasFailed = false;

  for (const step of job!.steps) {
    const name = step.name ?? step.uses?.replace(/@.*/, "") ?? step.run!;
    const record = (outcome: StepResult["outcome"], output = "") => results.push({ name, outcome, output });
    if (!isWanted(step.if, hasFailed, options)) {
      record("skipped");
      continue;
    }
    if (step.uses !== undefined) {
      const action = step.uses.split("@")[0]!;
      if (action === "azure/login") {
        await options.logIn!(evaluateAll(step.with));
        record("succeeded");
      } else if (PRETENDED.includes(action)) record("pretended");
      else throw new Error(`The runner of the test must know the action. Received ${action}.`);
      continue;
    }

    const run = evaluate(step.run!, options);
    const env: Record<string, string> = {
      ...stage.machine,
      ...files,
      GITHUB_ACTIONS: "true",
      GITHUB_WORKSPACE: options.workspace,
      ...evaluateAll(job!.env),
      ...readAsGithubEnv(await readFile(files.GITHUB_ENV, "utf8"), "\n"),
      ...evaluateAll(step.env),
    };
    env["PATH"] = [...(await readLines(files.GITHUB_PATH)).reverse(), env["PATH"]].join(":");
    const replaced = options.replace?.(run, env) ?? (stage.isPretended(run) ? "pretended" : undefined);
    if (replaced !== undefined) {
      record(replaced);
      continue;
    }
    const cwd = path.join(options.workspace, step["working-directory"] ?? "");
    // Without `shell:` the runner starts `bash -e`.
    const { exitCode, output } = await stage.runBash({ text: run, shellArgs: ["-e"], env, cwd });
    hasFailed ||= exitCode !== 0;
    record(exitCode === 0 ? "succeeded" : "failed", output);
  }
  return results;
}

async function readLines(file: string): Promise<string[]> {
  return (await readFile(file, "utf8")).split("\n").filter(Boolean);
}

/** `${{ secrets.X }}` and its like; a name that is not set is an empty text, as at GitHub. */
function evaluate(text: string, contexts: Contexts): string {
  return text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    const [, context, name] = /^(secrets|vars|inputs)\.(\w+)$/.exec(expression) ?? [];
    if (context === undefined) throw new Error(`The runner of the test must know \${{ ${expression} }}.`);
    return contexts[context as keyof Contexts]?.[name!] ?? "";
  });
}

function isWanted(condition: string | undefined, hasFailed: boolean, { inputs = {} }: Contexts): boolean {
  const expression = condition?.replace(/^\$\{\{\s*(.*?)\s*\}\}$/, "$1");
  if (expression === undefined) return !hasFailed;
  if (expression === "!cancelled()") return true;
  const [, name, value] = /^inputs\.(\w+) == '(\w+)'$/.exec(expression) ?? [];
  if (name === undefined) throw new Error(`The runner of the test must know the condition ${condition}.`);
  return !hasFailed && inputs[name] === value;
}
