import path from "node:path";
import { parse } from "yaml";
import type { PipelineStage, StepResult } from "./pipeline-stage";

interface PipelineStep {
  checkout?: string;
  task?: string;
  script?: string;
  displayName?: string;
  inputs?: Record<string, string>;
  env?: Record<string, string>;
  condition?: string;
  workingDirectory?: string;
}

interface Pipeline {
  variables: ({ group: string } | { name: string; value: string })[];
  jobs: { steps: PipelineStep[] }[];
}

/** A variable of a group. */
export interface PipelineVariable {
  value: string;
  isSecret?: boolean;
}

export interface AgentOptions {
  /** Pipeline.Workspace. */
  workspace: string;
  /** What `checkout: self` filled; left out: `s` of the workspace. */
  sources?: string;
  groups: Record<string, Record<string, PipelineVariable>>;
  parameters?: Record<string, string>;
  systemVariables?: Record<string, PipelineVariable>;
  /** Logs in by the service connection of that name, and gives what `addSpnToEnvironment` adds. */
  logIn?: (serviceConnection: string) => Promise<Record<string, string>>;
  /** What is not run: a line, and with it the rest of the script, for `undefined`. */
  replace?: (script: string) => string | undefined;
}

const PRETENDED = ["NodeTool@0", "UsePythonVersion@0"];

/** Runs the steps of a pipeline's job in order, as the agent of Azure Pipelines does on Linux. */
export async function runPipeline(
  stage: PipelineStage,
  text: string,
  options: AgentOptions,
): Promise<StepResult[]> {
  const expanded = text.replace(/\$\{\{ parameters\.(\w+) \}\}/g, (_, name: string) => {
    const value = options.parameters?.[name];
    if (value === undefined) throw new Error(`The pipeline must be given the parameter ${name}.`);
    return value;
  });
  const pipeline = parse(expanded) as Pipeline;
  const sources = options.sources ?? path.join(options.workspace, "s");
  const variables: Record<string, PipelineVariable> = {
    "Pipeline.Workspace": { value: options.workspace },
    "System.DefaultWorkingDirectory": { value: sources },
    ...options.systemVariables,
  };
  for (const entry of pipeline.variables) {
    if ("group" in entry) Object.assign(variables, options.groups[entry.group]);
    else variables[entry.name] = { value: entry.value };
  }
  const expand = (value: string) =>
    value.replace(/\$\(([\w.]+)\)/g, (all, name: string) => variables[name]?.value ?? all);

  const results: StepResult[] = [];
  let hasFailed = false;
  const paths: string[] = [];
  for (const step of pipeline.jobs[0]!.steps) {
    const name = step.displayName ?? step.task ?? `checkout ${step.checkout}`;
    const record = (outcome: StepResult["outcome"], output = "") => results.push({ name, outcome, output });
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
    ))
      variables[variable!] = { value: value!, isSecret: /issecret=true/i.test(properties!) };
    for (const [, folder] of output.matchAll(/^##vso\[task\.prependpath\](.*)$/gm)) paths.unshift(folder!);
    hasFailed ||= exitCode !== 0;
    record(exitCode === 0 ? "succeeded" : "failed", output);
  }
  return results;
}
