import { readFileSync } from "node:fs";
import path from "node:path";
import { type Document, parseDocument } from "yaml";
import { CliError } from "../../errors";
import type { Workspace } from "../azure/workspaces";
import type { Place } from "../places/place";

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

export const PROJECT_NAME = "himl-service-principal";
export const COMPONENT_TYPE = "himl-service-principal:index:HimlServicePrincipal";
const ANSWERS = "Answers of `himl-sp init`, which finds them when it runs again:";

/** @throws CliError where the folder is somebody else's project. */
export function readExistingProject(folder: string): ExistingProject {
  const text = readText(path.join(folder, "Pulumi.yaml"));
  if (text === undefined) return { kind: "none", name: PROJECT_NAME };
  const project = (parseDocument(text).toJS() ?? {}) as {
    name?: string;
    resources?: Record<string, { type?: string }>;
  };
  const name = project.name ?? "";
  if (Object.values(project.resources ?? {}).some(({ type }) => type === COMPONENT_TYPE))
    return { kind: "yaml", name };
  const manifest = readText(path.join(folder, "package.json")) ?? "";
  if (manifest.includes(`"${PROJECT_NAME}"`)) return { kind: "program", name };
  throw new CliError(
    "OTHER_PROJECT",
    `The folder must have no Pulumi project, or one of ${PROJECT_NAME}. It has the project ${JSON.stringify(name)}.`,
    "Run it in another folder, or name one with --cwd.",
  );
}

/** The answers that an earlier run left in the stack's file of settings. */
export function readFormerAnswers(folder: string, stack: string): FormerAnswers {
  const text = readText(path.join(folder, `Pulumi.${stack}.yaml`)) ?? "";
  const line = text.split("\n").find((one) => one.includes(ANSWERS));
  try {
    const json = line?.slice(line.indexOf(ANSWERS) + ANSWERS.length) ?? "{}";
    return JSON.parse(json) as FormerAnswers;
  } catch {
    // Somebody has edited the comment: it was only a convenience.
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
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
