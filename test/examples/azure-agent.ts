import path from "node:path";
import { parse } from "yaml";
import type { PipelineStage, StepResult } from "./pipeline-stage";

interface PipelineStep {
  checkout?: string;
  task?: string;
  script?: string;
  name?: string;
  displayName?: string;
  inputs?: Record<string, string>;
  env?: Record<string, string>;
  condition?: string;
  workingDirectory?: string;
}

interface PipelineJob {
  job: string;
  dependsOn?: string | string[];
  condition?: string;
  strategy?: { matrix: string };
  variables?: Record<string, string>;
  steps: PipelineStep[];
}

interface Pipeline {
  variables: ({ group: string } | { name: string; value: string })[];
  jobs: PipelineJob[];
}

/** A variable of a group. */
export interface PipelineVariable {
  value: string;
  isSecret?: boolean;
}

type Variables = Record<string, PipelineVariable>;

export interface AgentOptions {
  /** Pipeline.Workspace. */
  workspace: string;
  /** What `checkout: self` filled; left out: `s` of the workspace. */
  sources?: string;
  groups: Record<string, Variables>;
  parameters?: Record<string, string>;
  systemVariables?: Variables;
  /** Logs in by the service connection of that name, and gives what `addSpnToEnvironment` adds. */
  logIn?: (serviceConnection: string) => Promise<Record<string, string>>;
  /** What is not run: a line, and with it the rest of the script, for `undefined`. */
  replace?: (script: string) => string | undefined;
}

/** What became of a job; one of a matrix has several. */
interface PipelineJobResult {
  job: string;
  /** The name of its part of the matrix. */
  part?: string;
  result: "Succeeded" | "Failed" | "Skipped";
  steps: StepResult[];
}

const PRETENDED = ["NodeTool@0", "UsePythonVersion@0"];

/** Runs the steps of a pipeline's first job in order, as the agent of Azure Pipelines does on Linux. */
export async function runPipeline(
  stage: PipelineStage,
  text: string,
  options: AgentOptions,
): Promise<StepResult[]> {
  const [first] = await runJobs(stage, text, options);
  return first!.steps;
}

/** Runs every job of a pipeline, in their order, and each part of a matrix. */
export async function runJobs(
  stage: PipelineStage,
  text: string,
  options: AgentOptions,
): Promise<PipelineJobResult[]> {
  const expanded = text.replace(/\$\{\{ parameters\.(\w+) \}\}/g, (_, name: string) => {
    const value = options.parameters?.[name];
    if (value === undefined) throw new Error(`The pipeline must be given the parameter ${name}.`);
    return value;
  });
  const { jobs, variables: ofPipeline } = parse(expanded) as Pipeline;
  const shared: Variables = {
    "Pipeline.Workspace": { value: options.workspace },
    "System.DefaultWorkingDirectory": { value: options.sources ?? path.join(options.workspace, "s") },
    ...options.systemVariables,
  };
  for (const entry of ofPipeline) {
    if ("group" in entry) Object.assign(shared, options.groups[entry.group]);
    else shared[entry.name] = { value: entry.value };
  }

  const done: Record<string, { result: string; outputs: Record<string, string> }> = {};
  const results: PipelineJobResult[] = [];
  for (const job of jobs) {
    const names = [job.dependsOn ?? []].flat();
    /** `dependencies.list.outputs['stacks.names']` and `dependencies.list.result`. */
    const look = (reference: string): string => {
      const [, name, output] =
        /^dependencies\.(\w+)\.(?:result|outputs\['([\w.]+)'\])$/.exec(reference) ?? [];
      if (name === undefined || !names.includes(name))
        throw new Error(`The agent of the test must know ${reference}.`);
      return output === undefined ? done[name]!.result : (done[name]!.outputs[output] ?? "");
    };
    if (
      !isJobWanted(
        job,
        names.every((name) => done[name]!.result === "Succeeded"),
        look,
      )
    ) {
      results.push({ job: job.job, result: "Skipped", steps: [] });
      done[job.job] = { result: "Skipped", outputs: {} };
      continue;
    }
    const outputs: Record<string, string> = {};
    const ran: PipelineJobResult[] = [];
    for (const [part, values] of partsOf(job, look)) {
      const variables = { ...shared };
      for (const [name, value] of Object.entries({ ...job.variables, ...values }))
        variables[name] = { value };
      const { steps, hasFailed } = await runSteps(stage, job, variables, outputs, options);
      ran.push({ job: job.job, ...(part && { part }), result: hasFailed ? "Failed" : "Succeeded", steps });
    }
    results.push(...ran);
    done[job.job] = { result: ran.find(({ result }) => result === "Failed")?.result ?? "Succeeded", outputs };
  }
  return results;
}

function isJobWanted(
  { condition }: PipelineJob,
  haveSucceeded: boolean,
  look: (reference: string) => string,
): boolean {
  return evaluate(condition ?? "succeeded()") === true;

  /** The part of Azure Pipelines' expressions that the examples use; another one is an error. */
  function evaluate(expression: string): unknown {
    const [, name, inner] = /^(\w+)\((.*)\)$/.exec(expression) ?? [];
    if (name === undefined) return /^'(.*)'$/.exec(expression)?.[1] ?? look(expression);
    const values = splitArguments(inner!).map(evaluate);
    switch (name) {
      case "succeeded":
        return haveSucceeded;
      case "and":
        return values.every(Boolean);
      case "or":
        return values.some(Boolean);
      case "ne":
        return values[0] !== values[1];
      case "in":
        return values.slice(1).includes(values[0]);
      default:
        throw new Error(`The agent of the test must know the condition ${condition}.`);
    }
  }
}

/** What stands between the commas that are in no brackets. */
function splitArguments(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    if ("([".includes(character)) depth += 1;
    if (")]".includes(character)) depth -= 1;
    if (character === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}

/** The parts of a matrix, such as `$[ dependencies.list.outputs['stacks.names'] ]`; without one, the job itself. */
function partsOf(
  { strategy }: PipelineJob,
  look: (reference: string) => string,
): [string | undefined, Record<string, string>][] {
  if (strategy === undefined) return [[undefined, {}]];
  const [, reference] = /^\$\[ (.*) \]$/.exec(strategy.matrix)!;
  return Object.entries(JSON.parse(look(reference!)) as Record<string, Record<string, string>>);
}

async function runSteps(
  stage: PipelineStage,
  job: PipelineJob,
  variables: Variables,
  outputs: Record<string, string>,
  options: AgentOptions,
) {
  const sources = variables["System.DefaultWorkingDirectory"]!.value;
  const expand = (value: string) =>
    value.replace(/\$\(([\w.-]+)\)/g, (all, name: string) => variables[name]?.value ?? all);
  const steps: StepResult[] = [];
  let hasFailed = false;
  const paths: string[] = [];
  for (const step of job.steps) {
    const name = step.displayName ?? step.task ?? `checkout ${step.checkout}`;
    const record = (outcome: StepResult["outcome"], output = "") => steps.push({ name, outcome, output });
    if (hasFailed && step.condition !== "succeededOrFailed()") {
      record("skipped");
      continue;
    }
    const script = expand(step.script ?? step.inputs?.["inlineScript"] ?? "");
    if (step.checkout !== undefined || PRETENDED.includes(step.task!) || stage.isPretended(script)) {
      record("pretended");
      continue;
    }
    if (step.script === undefined && step.task !== "AzureCLI@2")
      throw new Error(`The agent of the test must know the step. Received ${name}.`);

    const env: Record<string, string> = { ...stage.machine, TF_BUILD: "True" };
    // Every variable but the secret ones, in upper case and with _ for a period.
    for (const [variable, { value, isSecret }] of Object.entries(variables))
      if (!isSecret) env[variable.toUpperCase().replaceAll(".", "_")] = value;
    for (const [variable, value] of Object.entries(step.env ?? {})) env[variable] = expand(value);
    if (step.task !== undefined) {
      const login = await options.logIn!(step.inputs!["azureSubscription"]!);
      if (step.inputs!["addSpnToEnvironment"]) Object.assign(env, login);
    }
    env["PATH"] = [...paths, env["PATH"]].join(":");

    const cwd = expand(step.workingDirectory ?? step.inputs?.["workingDirectory"] ?? sources);
    const { exitCode, output } = await stage.runBash({
      text: options.replace?.(script) ?? script,
      // The agent's: an error in the middle of a script ends it only where it says `set -e`.
      shellArgs: ["--noprofile", "--norc"],
      env,
      cwd,
    });
    for (const [, variable, properties, value] of output.matchAll(
      /^##vso\[task\.setvariable variable=(\w+)([^\]]*)\](.*)$/gm,
    )) {
      variables[variable!] = { value: value!, isSecret: /issecret=true/i.test(properties!) };
      if (/isoutput=true/i.test(properties!)) outputs[`${step.name}.${variable}`] = value!;
    }
    for (const [, folder] of output.matchAll(/^##vso\[task\.prependpath\](.*)$/gm)) paths.unshift(folder!);
    hasFailed ||= exitCode !== 0;
    record(exitCode === 0 ? "succeeded" : "failed", output);
  }
  return { steps, hasFailed };
}
