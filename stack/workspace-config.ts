import { closeSync, openSync, readSync, statSync } from "node:fs";
import * as path from "node:path";
import { parse, printParseErrorCode, type ParseError } from "jsonc-parser";
import { messageOf, type Problem } from "../components/plan/problems";

/** The fields of hi-ml's `config.json`, each with the argument and setting that it is. */
export const WORKSPACE_CONFIG_FIELDS = [
  { field: "subscription_id", argument: "subscriptionId", inScope: 2 },
  { field: "resource_group", argument: "resourceGroupName", inScope: 4 },
  { field: "workspace_name", argument: "workspaceName", inScope: 8 },
] as const;

export interface WorkspaceConfig {
  /** The values from the file, unchecked: the plan checks them. */
  values: Partial<Record<(typeof WORKSPACE_CONFIG_FIELDS)[number]["argument"], unknown>>;
  problems: Problem[];
}

const WHERE_TO_GET_IT =
  "The Azure portal offers config.json on the Overview page of the workspace, Azure ML studio in the menu at the top right.";

// A real one has about 200 bytes.
const MOST_BYTES = 100_000;
const LONGEST_PATH = 1_024;

/**
 * Reads hi-ml's `config.json` as azureml-core and azure-ai-ml do: from the place that is named or, if there is none, from
 * `.azureml/` beside it and from the folders above; with the three fields, or with the workspace's resource ID as `Scope`.
 * What people edit by hand is taken as well: comments, trailing commas, and the encodings that Windows writes.
 */
export function readWorkspaceConfig(file: string, projectFolder: string): WorkspaceConfig {
  const absolute = path.resolve(projectFolder, file);
  // Longer than any real path, so a message does not repeat all of it.
  const shown = absolute.length <= LONGEST_PATH ? absolute : `${absolute.slice(0, LONGEST_PATH)}…`;
  const refuse = (must: string, remedy: string): WorkspaceConfig => ({
    values: {},
    problems: [{ what: "workspaceConfig", must, received: file, remedy }],
  });
  let text: string;
  try {
    text = readText(findConfig(absolute));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    return refuse(
      "be the path of a file that can be read, from the folder of the project",
      `Looked for ${shown} (${reason}), and in .azureml and the folders above. ${WHERE_TO_GET_IT}`,
    );
  }

  const errors: ParseError[] = [];
  let content: unknown;
  try {
    content = parse(text, errors, { allowTrailingComma: true });
  } catch {
    // The parser calls itself for each bracket.
    return refuse("name a file with a JSON object", WHERE_TO_GET_IT);
  }
  if (errors[0]) {
    const line = text.slice(0, errors[0].offset).split("\n").length;
    return refuse("name a JSON file", `${absolute}, line ${line}: ${printParseErrorCode(errors[0].error)}.`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    return refuse("name a file with a JSON object", WHERE_TO_GET_IT);
  }
  return readFields(content as Record<string, unknown>, absolute);
}

function readFields(content: Record<string, unknown>, file: string): WorkspaceConfig {
  const result: WorkspaceConfig = { values: {}, problems: [] };
  // azure-ai-ml lets `Scope` go first.
  const scope = [content["Scope"], content["Id"]].find((id) => typeof id === "string" && id !== "");
  const parts = typeof scope === "string" ? ["", ...scope.split("/").filter(Boolean)] : undefined;
  for (const { field, argument, inScope } of WORKSPACE_CONFIG_FIELDS) {
    const value = parts ? parts[inScope] : content[field];
    if (value !== undefined) result.values[argument] = value;
    else {
      result.problems.push({
        what: "The config.json of workspaceConfig",
        must: parts ? `have the ID of a workspace as Scope, with its ${field}` : `have the field ${field}`,
        remedy: `Add it to ${file}. ${WHERE_TO_GET_IT}`,
      });
    }
  }
  return result;
}

/** Where azureml-core and azure-ai-ml look: the file, `.azureml/` or `aml_config/` beside it, then the folders above. */
function findConfig(absolute: string): string {
  const isFolder = statSync(absolute, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const name = isFolder ? "config.json" : path.basename(absolute);
  for (let folder = isFolder ? absolute : path.dirname(absolute); ; folder = path.dirname(folder)) {
    const candidates = ["", ".azureml", "aml_config"].map((beside) => path.join(folder, beside, name));
    const found = candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
    if (found !== undefined) return found;
    if (folder === path.dirname(folder)) return absolute;
  }
}

/** Regular files alone, and no more than a config.json can have: a device has no end, and a pipe lets nobody go on. */
function readBounded(file: string): Buffer {
  if (!statSync(file).isFile()) throw new Error("not a regular file");
  const open = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(MOST_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(open, bytes, length, bytes.length - length, null);
    if (length > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes`);
    return bytes.subarray(0, length);
  } finally {
    closeSync(open);
  }
}

/** PowerShell's `>` writes UTF-16, editors on Windows a byte order mark. */
function readText(file: string): string {
  const bytes = readBounded(file);
  const [first, second] = bytes;
  if (first === 0xfe && second === 0xff) return bytes.subarray(2).swap16().toString("utf16le");
  if (first === 0xff && second === 0xfe) return bytes.subarray(2).toString("utf16le");
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}
