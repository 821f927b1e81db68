import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Document, isMap, isSeq, parseDocument, type YAMLMap } from "yaml";
import type { Place } from "../places/place";
import { type Answers, isYamlProject } from "./answers";
import { himlSpOf } from "../next-steps";

/** A pipeline for the place where the jobs run. */
export interface Pipeline {
  path: string;
  text: string;
}

/** The example of this repository, with the names filled in. @returns nothing where no pipeline is known. */
export function createPipeline(answers: Answers): Pipeline | undefined {
  const { place, usesPassword, folder, gitRoot = folder } = answers;
  if (place.name === "other") return undefined;
  const name = usesPassword ? "renew-himl-secret.yml" : "train-with-himl.yml";
  const example = usesPassword ? "renew.yml" : "train-with-oidc.yml";
  const document = readExample(place.name === "github" ? "github-actions" : "azure-devops", example);
  if (place.name === "github") {
    if (usesPassword) renewAtGithub(document, answers, place);
    else trainAtGithub(document, place.environment);
  } else if (usesPassword) renewAtAzureDevOps(document, answers);
  else trainAtAzureDevOps(document, place.serviceConnection!);
  const where = place.name === "github" ? path.join(".github", "workflows") : "azure-pipelines";
  return { path: path.join(gitRoot, where, name), text: document.toString({ lineWidth: 0 }) };
}

/** Of the package's own examples: beside the nearest package.json, from the sources as from the build. */
function readExample(place: string, name: string): Document {
  let folder = __dirname;
  while (!existsSync(path.join(folder, "package.json"))) folder = path.dirname(folder);
  return parseDocument(readFileSync(path.join(folder, "examples", place, name), "utf8"));
}

function trainAtGithub(document: Document, environment: string | undefined): void {
  const at = ["jobs", "submit", "environment"];
  if (environment === undefined) document.deleteIn(at);
  else document.setIn(at, withoutExpression(environment));
  // The steps that only explain a failed login need a project of himl-sp beside the one that trains.
  removeSteps(
    document,
    ["jobs", "submit", "steps"],
    (step) =>
      textOf(step, "with", "repository") !== undefined || textOf(step, "working-directory") !== undefined,
  );
}

function renewAtGithub(
  document: Document,
  answers: Answers,
  { host, repository, environment }: Extract<Place, { name: "github" }>,
): void {
  fitSteps(answers, stepsOf(document, ["jobs", "renew", "steps"]), ["run"]);
  document.setIn(["jobs", "renew", "env", "PULUMI_STACK"], answers.stack);
  document.setIn(["jobs", "renew", "outputs", "stack"], answers.stack);
  for (const step of stepsOf(document, ["jobs", "renew", "steps"])) {
    const run = textOf(step, "run");
    if (run === undefined || !step.hasIn(["env", "TRAINING_REPOSITORY"])) continue;
    step.setIn(["env", "TRAINING_REPOSITORY"], host === "github.com" ? repository : `${host}/${repository}`);
    const option = environment === undefined ? "" : ` --environment ${withoutExpression(quote(environment))}`;
    step.set(
      "run",
      run.replace(/ --environment \S+/, () => ` --hostname ${host}${option}`),
    );
  }
}

function trainAtAzureDevOps(document: Document, serviceConnection: string): void {
  document.delete("resources");
  const steps = ["jobs", 0, "steps"];
  const folder = "$(Pipeline.Workspace)/principal";
  removeSteps(
    document,
    steps,
    (step) => textOf(step, "checkout") === "principal" || textOf(step, "workingDirectory") === folder,
  );
  for (const step of stepsOf(document, steps)) {
    if (!step.hasIn(["inputs", "azureSubscription"])) continue;
    step.setIn(["inputs", "azureSubscription"], withoutExpression(serviceConnection));
    const lines = (textOf(step, "inputs", "inlineScript") ?? "").split("\n");
    const kept = lines.filter((line) => !/himl-sp verify|explains a failed login/.test(line));
    step.setIn(["inputs", "inlineScript"], kept.join("\n"));
  }
}

function renewAtAzureDevOps(document: Document, answers: Answers): void {
  const variables: unknown = document.get("variables");
  if (isSeq(variables)) variables.add(document.createNode({ name: "PULUMI_STACK", value: answers.stack }));
  const steps = stepsOf(document, ["jobs", 0, "steps"]);
  fitSteps(answers, steps, ["script"]);
  fitSteps(answers, steps, ["inputs", "inlineScript"]);
}

/** In a YAML project, Pulumi lets npm install the component, and `himl-sp` with it. */
const INSTALL_YAML = "pulumi install";

/** The examples are for a program at the root of its repository. */
function fitSteps(answers: Answers, steps: readonly YAMLMap[], at: readonly string[]): void {
  const { folder, gitRoot = folder } = answers;
  const below = path.relative(gitRoot, folder).replaceAll("\\", "/");
  for (const step of steps) {
    const text = textOf(step, ...at);
    if (text !== undefined) {
      const installed = isYamlProject(answers) && text.startsWith("npm ci") ? INSTALL_YAML : text;
      step.setIn(at, installed.replaceAll("npx --no -- himl-sp", himlSpOf(answers)));
    }
    if (text === undefined || below === "") continue;
    if (at[0] === "run") step.set("working-directory", below);
    else step.setIn([...at.slice(0, -1), "workingDirectory"], below);
  }
}

function removeSteps(
  document: Document,
  at: readonly (string | number)[],
  isUnwanted: (step: YAMLMap) => boolean,
): void {
  const steps: unknown = document.getIn(at);
  if (isSeq(steps)) steps.items = steps.items.filter((step) => !(isMap(step) && isUnwanted(step)));
}

function stepsOf(document: Document, at: readonly (string | number)[]): YAMLMap[] {
  const steps: unknown = document.getIn(at);
  return isSeq(steps) ? steps.items.filter((step) => isMap(step)) : [];
}

function textOf(step: YAMLMap, ...at: string[]): string | undefined {
  const value: unknown = step.getIn(at);
  return typeof value === "string" ? value : undefined;
}

/** GitHub Actions and Azure Pipelines replace what stands in `${{ }}` anywhere, before a shell or an action sees it. */
function withoutExpression(text: string): string {
  return text.replaceAll("${{", "${{ '${{' }}");
}

/** For a shell of a runner. */
function quote(text: string): string {
  return /^[\w@%+=:,./#-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
