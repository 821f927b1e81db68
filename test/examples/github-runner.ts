import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { readAsGithubEnv } from "../cli/readers";
import { type Contexts, evaluate, fillIn, isWanted } from "./github-expressions";
import type { PipelineStage, StepResult } from "./pipeline-stage";

interface WorkflowStep {
  id?: string;
  name?: string;
  uses?: string;
  with?: Record<string, unknown>;
  run?: string;
  if?: string;
  env?: Record<string, string>;
  "working-directory"?: string;
}

interface WorkflowJob {
  needs?: string | string[];
  if?: string;
  strategy?: { matrix: Record<string, string> };
  outputs?: Record<string, string>;
  env?: Record<string, string>;
  steps: WorkflowStep[];
}

interface WorkflowOptions {
  secrets?: Record<string, string>;
  vars?: Record<string, string>;
  inputs?: Record<string, string>;
  github?: Record<string, string>;
  /** GITHUB_WORKSPACE: as after the checkout. */
  workspace: string;
  /** What `azure/login` does with its inputs. */
  logIn?: (inputs: Record<string, string>) => Promise<void>;
  /** Instead of running it: `undefined` runs it. */
  replace?: (run: string, env: Record<string, string>) => StepResult["outcome"] | undefined;
}

/** What became of a job; one of a matrix has several. */
interface JobResult {
  job: string;
  matrix: Record<string, string>;
  result: "success" | "failure" | "skipped";
  steps: StepResult[];
}

/** Actions that only bring to the machine what this one has. */
const PRETENDED = ["actions/checkout", "actions/setup-node", "actions/setup-python", "pulumi/actions"];

/** Runs the steps of a workflow's only job in order, as the runner of GitHub Actions does on Linux. */
export async function runJob(
  stage: PipelineStage,
  text: string,
  options: WorkflowOptions,
): Promise<StepResult[]> {
  const [first] = await runWorkflow(stage, text, options);
  return first!.steps;
}

/** Runs every job of a workflow, in their order, and each combination of a matrix. */
export async function runWorkflow(
  stage: PipelineStage,
  text: string,
  options: WorkflowOptions,
): Promise<JobResult[]> {
  const { jobs, env } = parse(text) as { jobs: Record<string, WorkflowJob>; env?: Record<string, string> };
  const { secrets = {}, vars = {}, inputs = {}, github = {} } = options;
  const needs: Record<string, { result: string; outputs: Record<string, string> }> = {};
  const results: JobResult[] = [];
  for (const [name, definition] of Object.entries(jobs)) {
    const job = { ...definition, env: { ...env, ...definition.env } };
    const contexts: Contexts = { secrets, vars, inputs, github, needs };
    const hasFailed = [job.needs ?? []].flat().some((other) => needs[other]!.result !== "success");
    const ran: (JobResult & { outputs: Record<string, string> })[] = [];
    if (isWanted(job.if, contexts, { hasFailed }))
      for (const matrix of combinationsOf(job, contexts))
        ran.push({ job: name, matrix, ...(await runSteps(stage, job, { ...contexts, matrix }, options)) });
    else ran.push({ job: name, matrix: {}, result: "skipped", steps: [], outputs: {} });
    results.push(...ran);
    const failed = ran.find(({ result }) => result !== "success");
    needs[name] = { result: failed?.result ?? "success", outputs: ran.at(-1)!.outputs };
  }
  return results;
}

function combinationsOf({ strategy }: WorkflowJob, contexts: Contexts): Record<string, string>[] {
  if (strategy === undefined) return [{}];
  const [[name, expression]] = Object.entries(strategy.matrix) as [[string, string]];
  const inner = expression.replace(/^\$\{\{\s*(.*?)\s*\}\}$/, "$1");
  const values = evaluate(inner, contexts, { hasFailed: false }) as string[];
  if (values.length === 0) throw new Error("GitHub refuses a matrix without a value.");
  return values.map((value) => ({ [name]: value }));
}

async function runSteps(stage: PipelineStage, job: WorkflowJob, given: Contexts, options: WorkflowOptions) {
  const outputs: Record<string, { outputs: Record<string, string> }> = {};
  const contexts: Contexts = { ...given, steps: outputs };
  const fillInAll = (values: Record<string, unknown> = {}) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, fillIn(String(value), contexts)]),
    );
  const files = {
    GITHUB_ENV: await stage.newFile("env"),
    GITHUB_PATH: await stage.newFile("path"),
  };
  const steps: StepResult[] = [];
  let hasFailed = false;

  for (const step of job.steps) {
    const name = step.name ?? step.uses?.replace(/@.*/, "") ?? step.run!;
    const record = (outcome: StepResult["outcome"], output = "") => steps.push({ name, outcome, output });
    if (!isWanted(step.if, contexts, { hasFailed })) {
      record("skipped");
      continue;
    }
    if (step.uses !== undefined) {
      const action = step.uses.split("@")[0]!;
      if (action === "azure/login") {
        await options.logIn!(fillInAll(step.with));
        record("succeeded");
      } else if (PRETENDED.includes(action)) record("pretended");
      else throw new Error(`The runner of the test must know the action. Received ${action}.`);
      continue;
    }

    const run = fillIn(step.run!, contexts);
    const GITHUB_OUTPUT = await stage.newFile("output");
    const env: Record<string, string> = {
      ...stage.machine,
      ...files,
      GITHUB_OUTPUT,
      GITHUB_ACTIONS: "true",
      GITHUB_WORKSPACE: options.workspace,
      ...fillInAll(job.env),
      ...readAsGithubEnv(await readFile(files.GITHUB_ENV, "utf8"), "\n"),
      ...fillInAll(step.env),
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
    if (step.id !== undefined) outputs[step.id] = { outputs: readOutputs(await readLines(GITHUB_OUTPUT)) };
    hasFailed ||= exitCode !== 0;
    record(exitCode === 0 ? "succeeded" : "failed", output);
  }
  return {
    result: hasFailed ? ("failure" as const) : ("success" as const),
    steps,
    outputs: fillInAll(job.outputs),
  };
}

async function readLines(file: string): Promise<string[]> {
  return (await readFile(file, "utf8")).split("\n").filter(Boolean);
}

/** Lines `name=value`, the form for values of one line. */
function readOutputs(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}
