import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse, printParseErrorCode, type ParseError } from "jsonc-parser";
import type { Problem } from "../components/problems";
import { checkValue, RULES } from "../components/rules";

/** The fields of hi-ml's `config.json` by the setting that each of them stands for. */
export const WORKSPACE_CONFIG_FIELDS = {
  subscriptionId: { field: "subscription_id", rule: RULES.subscriptionId },
  resourceGroup: { field: "resource_group", rule: RULES.resourceGroupName },
  workspaceName: { field: "workspace_name", rule: RULES.workspaceName },
} as const;

export type WorkspaceSetting = keyof typeof WORKSPACE_CONFIG_FIELDS;

export interface WorkspaceConfig {
  values: Partial<Record<WorkspaceSetting, string>>;
  problems: Problem[];
}

const WHERE_TO_GET_IT =
  "The Azure portal offers config.json on the Overview page of the workspace, Azure ML studio in the menu at the top right.";

/**
 * Reads hi-ml's `config.json`. A byte order mark, comments, trailing commas and further fields do no harm: hi-ml's
 * users edit the file by hand.
 */
export function readWorkspaceConfig(file: string, projectFolder: string): WorkspaceConfig {
  const absolute = path.resolve(projectFolder, file);
  const refuse = (code: string, must: string, remedy: string): WorkspaceConfig => ({
    values: {},
    problems: [{ code, what: "workspaceConfig", must, received: file, remedy }],
  });

  let text: string;
  try {
    text = readFileSync(absolute, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "unknown";
    return refuse(
      "WorkspaceConfigUnreadable",
      "be the path of a file that can be read, from the folder of the project",
      `Looked for ${absolute} (${reason}). ${WHERE_TO_GET_IT}`,
    );
  }

  const errors: ParseError[] = [];
  const content: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors[0]) {
    const line = text.slice(0, errors[0].offset).split("\n").length;
    const reason = printParseErrorCode(errors[0].error);
    return refuse("WorkspaceConfigNotJson", "name a JSON file", `${absolute}, line ${line}: ${reason}.`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    return refuse("WorkspaceConfigNotJson", "name a file with a JSON object", WHERE_TO_GET_IT);
  }

  const result: WorkspaceConfig = { values: {}, problems: [] };
  for (const setting of Object.keys(WORKSPACE_CONFIG_FIELDS) as WorkspaceSetting[]) {
    const { field, rule } = WORKSPACE_CONFIG_FIELDS[setting];
    const given = (content as Record<string, unknown>)[field];
    if (given === undefined) {
      result.problems.push({
        code: "WorkspaceConfigField",
        what: `The config.json of workspaceConfig`,
        must: `have the field ${field}`,
        remedy: `Add it to ${absolute}. ${WHERE_TO_GET_IT}`,
      });
      continue;
    }
    const { value, problem } = checkValue<string>(rule, `${field} in config.json`, given);
    if (problem) result.problems.push(problem);
    else result.values[setting] = value;
  }
  return result;
}
