import type { Workspace } from "../azure/workspaces";
import type { Place, TrustChoice } from "../places/place";
import type { OwnPackage } from "./own-package";
import type { ExistingProject, FormerAnswers } from "./existing";

export type Language = "yaml" | "typescript";

/** All that was answered, and what the folder holds. */
export interface Answers {
  folder: string;
  /** Top folder of the git repository, if there is one: pipelines belong there. */
  gitRoot?: string;
  existing: ExistingProject;
  language: Language;
  stack: string;
  workspace: Workspace;
  place: Place;
  usesPassword: boolean;
  trust?: TrustChoice;
  assignsRole: boolean;
  ownPackage: OwnPackage;
}

/** Whether the project is one YAML file, without a program. */
export function isYamlProject({ existing, language }: Pick<Answers, "existing" | "language">): boolean {
  return existing.kind === "yaml" || (existing.kind === "none" && language === "yaml");
}

/** What another run needs to know. */
export function toFormerAnswers({ workspace, place, usesPassword, assignsRole }: Answers): FormerAnswers {
  const { name, resourceGroup, subscriptionId, tenantId } = workspace;
  return {
    workspace: { name, resourceGroup, subscriptionId, ...(tenantId !== undefined && { tenantId }) },
    place,
    password: usesPassword,
    ...(assignsRole ? {} : { role: false }),
  };
}
