import path from "node:path";
import type { Right } from "../init/azure/rights";
import { groupScope } from "../init/azure/workspaces";
import { printableLines } from "./printable";
import { spellRepository } from "../init/places/github";
import type { Answers } from "../init/project/answers";
import { type PlannedFile, stateOf } from "../init/project/write";

/** One screen that shows the planned result. */
export function formatPlan(
  answers: Answers,
  rights: readonly Right[],
  files: readonly PlannedFile[],
): string {
  const { workspace, usesPassword, trust, assignsRole, stack, folder } = answers;
  const lines: [string, string][] = [
    [
      "Workspace",
      `${workspace.name} in ${workspace.resourceGroup}, ${workspace.subscriptionName ?? workspace.subscriptionId}`,
    ],
    ["Jobs", describePlace(answers)],
    [
      "Login",
      usesPassword ? "with a password, renewed by the first `pulumi up` after 90 days" : "without a password",
    ],
    ...(trust === undefined
      ? []
      : ([["Trust in", trust.subject], ["of", trust.issuer], ...trust.notes.map((note) => ["", note])] as [
          string,
          string,
        ][])),
    [
      "Role",
      assignsRole
        ? `Contributor on ${groupScope(workspace)}`
        : "none: an administrator assigns it; `himl-sp status` shows the command after `pulumi up`",
    ],
    ["Stack", `${answers.existing.name}/${stack}`],
    ...files.map((file, index): [string, string] => [
      index === 0 ? "Files" : "",
      `${path.relative(folder, file.path)}  ${stateOf(file)}`,
    ]),
  ];
  const text = lines.map(([name, value]) => `  ${name.padEnd(10)} ${value}`.trimEnd()).join("\n");
  const account = workspace.account === undefined ? "" : ` ${workspace.account}`;
  const checks = `\nYour login${account}\n${rights.map(formatRight).join("\n")}\n`;
  return printableLines(`\n${text}\n${checks}\n`);
}

function describePlace({ place }: Answers): string {
  switch (place.name) {
    case "github": {
      const jobs =
        place.environment === undefined ? `branch ${place.branch}` : `environment ${place.environment}`;
      return `GitHub Actions, ${spellRepository(place.host, place.repository)}, ${jobs}`;
    }
    case "azure-devops": {
      const connection =
        place.serviceConnection === undefined ? "" : `, service connection ${place.serviceConnection}`;
      return `Azure DevOps, ${place.organization}, project ${place.project}${connection}`;
    }
    case "other":
      return "somewhere else";
  }
}

const MARKS: Record<Right["answer"], string> = {
  may: "ok",
  "may not": "NO",
  "may be refused": "??",
  "could not be checked": "??",
};

const VERBS = { may: "may", "may not": "may not", "may be refused": "may be refused to" } as const;

export function formatRight({ what, answer, because, remedy }: Right): string {
  const sentence =
    answer === "could not be checked" ? `${answer}: may it ${what}` : `${VERBS[answer]} ${what}`;
  const help = answer === "may" || remedy === undefined ? "" : `\n      ${remedy}`;
  return `  ${MARKS[answer]}  ${sentence}: ${because}${help}`;
}
