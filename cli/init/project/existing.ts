import path from "node:path";
import { type Document, parseDocument } from "yaml";
import { isVisible } from "../../../components/plan/problems";
import { CliError } from "../../errors";
import { isWorkspace } from "../azure/workspaces";
import type { Workspace } from "../azure/workspaces";
import { checkAzureDevOpsOptions, checkGithubOptions } from "../../push/targets";
import type { Place } from "../places/place";
import { PACKAGE } from "./own-package";
import { readFile } from "./write";

/** What stands in the folder before `init` does anything. */
export interface ExistingProject {
  /** `yaml`: one of ours in YAML; `program`: a clone, or a project of ours in TypeScript. */
  kind: "none" | "yaml" | "program";
  /** Name of the Pulumi project; settings bear it. */
  name: string;
}

/** The answers of an earlier run. */
export interface FormerAnswers {
  workspace?: Workspace;
  place?: Place;
  password?: boolean;
  role?: boolean;
}

export const COMPONENT_TYPE = `${PACKAGE}:index:HimlServicePrincipal`;
const ANSWERS = "Answers of `himl-sp init`, which finds them when it runs again:";

/** @throws CliError where the folder is somebody else's project. */
export function readExistingProject(folder: string): ExistingProject {
  const text = readText(path.join(folder, "Pulumi.yaml"));
  if (text === undefined) return { kind: "none", name: PACKAGE };
  const project = readYaml(text);
  const name = typeof project["name"] === "string" ? project["name"] : "";
  const resources = isRecord(project["resources"]) ? Object.values(project["resources"]) : [];
  if (resources.some((resource) => isRecord(resource) && resource["type"] === COMPONENT_TYPE))
    return { kind: "yaml", name };
  const manifest = readText(path.join(folder, "package.json")) ?? "";
  if (manifest.includes(`"${PACKAGE}"`)) return { kind: "program", name };
  throw new CliError(
    "OTHER_PROJECT",
    `The folder must have no Pulumi project, or one of ${PACKAGE}. It has the project ${JSON.stringify(name)}.`,
    "Run it in another folder, or name one with --cwd.",
  );
}

/** A project of its own for each repository: stacks of one name in one backend are one stack. */
export function nameProject(repository: string): string {
  return `himl-${repository.replaceAll(/[^\w.-]+/g, "-")}`.slice(0, 100);
}

/** The answers that an earlier run left in the stack's file of settings. */
export function readFormerAnswers(folder: string, stack: string): FormerAnswers {
  const text = readText(path.join(folder, `Pulumi.${stack}.yaml`)) ?? "";
  const line = text.split("\n").find((one) => one.includes(ANSWERS));
  try {
    const json = line?.slice(line.indexOf(ANSWERS) + ANSWERS.length) ?? "{}";
    return checkAnswers(JSON.parse(json));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Somebody has edited the comment: it was only a convenience.
    return {};
  }
}

/** By the rules for options: the file may be somebody else's. What does not fit them is asked again. */
function checkAnswers(given: unknown): FormerAnswers {
  if (!isRecord(given)) return {};
  const { workspace, place, password, role } = given;
  const isKnown = hasTexts(workspace, ["name", "resourceGroup", "subscriptionId"], ["tenantId"]);
  return {
    ...(isKnown &&
      isWorkspace(workspace as unknown as Workspace) && { workspace: workspace as unknown as Workspace }),
    ...(isPlace(place) && { place }),
    ...(typeof password === "boolean" && { password }),
    ...(role === false && { role }),
  };
}

function isPlace(place: unknown): place is Place {
  if (hasTexts(place, ["name", "host", "repository"], ["environment", "branch"])) {
    const { host, repository, environment, branch } = place as Record<string, string>;
    const name = environment ?? branch;
    return passes(() =>
      checkGithubOptions({
        repo: repository!,
        hostname: host!,
        ...(name !== undefined && { environment: name }),
      }),
    );
  }
  if (hasTexts(place, ["name", "organization", "project"], ["serviceConnection"])) {
    const { organization, project, serviceConnection = "any" } = place as Record<string, string>;
    return passes(() =>
      checkAzureDevOpsOptions({ organization: organization!, project: project!, group: serviceConnection }),
    );
  }
  return isRecord(place) && place["name"] === "other";
}

function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof CliError) return false;
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasTexts(
  value: unknown,
  required: readonly string[],
  optional: readonly string[],
): value is Record<string, unknown> {
  if (!isRecord(value)) return false;
  const isText = (name: string) => typeof value[name] === "string" && isVisible(value[name]);
  return required.every(isText) && optional.every((name) => value[name] === undefined || isText(name));
}

/** A file that cannot be read as YAML, or is no map, has nothing of ours. */
function readYaml(text: string): Record<string, unknown> {
  try {
    const value: unknown = parseDocument(text).toJS();
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** Puts the answers into a comment at the head of the file: as a setting, they would be one that the program refuses. */
export function writeFormerAnswers(document: Document, answers: FormerAnswers): void {
  // Before the first entry, where a parser finds it again; at the very top it would be the document's own.
  const lines = (document.commentBefore ?? "").split("\n").filter((line) => !line.includes(ANSWERS));
  const rest = lines.join("\n").trim();
  document.commentBefore = `${rest === "" ? "" : `${rest}\n`} ${ANSWERS} ${JSON.stringify(answers)}`;
}

/** @returns nothing where there is no such file. */
export function readText(file: string): string | undefined {
  return readFile(file)?.text;
}
