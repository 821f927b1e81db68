import { existsSync } from "node:fs";
import path from "node:path";
import { readWorkspaceConfig } from "../../../stack/workspace-config";
import { CliError } from "../../errors";
import type { Io } from "../../io";
import { printable } from "../../terminal/printable";
import type { AzureLogin, Subscription } from "./login";

/** An Azure ML workspace. */
export interface Workspace {
  name: string;
  resourceGroup: string;
  subscriptionId: string;
  /** Not known where only a config.json tells of it and the login cannot see its subscription. */
  subscriptionName?: string;
  tenantId?: string;
  /** The account of `az` that sees it. */
  account?: string;
  /** Where hi-ml's file of it lies. */
  configFile?: string;
}

interface ListedWorkspace {
  id: string;
  name: string;
  kind?: string;
}

const API_VERSION = "2024-10-01";
const READERS = 8;
/** A hub of Azure AI Foundry and a feature store bear the same resource type and run no jobs of hi-ml. */
const OTHER_KINDS = ["hub", "project", "featurestore"];

/**
 * Every workspace that the login can see, across its subscriptions.
 *
 * @returns also the subscriptions that could not be read, with the reason: one that refuses hides none of the others.
 */
export async function listWorkspaces(
  login: AzureLogin,
  subscriptions: readonly Subscription[],
): Promise<{ workspaces: Workspace[]; unread: string[] }> {
  const unread: string[] = [];
  const lists: Workspace[][] = [];
  const queue = subscriptions.entries();
  const read = async () => {
    for (const [index, subscription] of queue) {
      try {
        lists[index] = await listIn(login, subscription);
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        unread.push(`${subscription.name}: ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(READERS, subscriptions.length) }, read));
  return { workspaces: lists.flatMap((list) => list ?? []), unread };
}

async function listIn(login: AzureLogin, subscription: Subscription): Promise<Workspace[]> {
  const { id, name, tenantId } = subscription;
  const reader = login.reader("management", id);
  const type = "Microsoft.MachineLearningServices/workspaces";
  const answer = await reader.askAll<ListedWorkspace>(
    `/subscriptions/${id}/providers/${type}?api-version=${API_VERSION}`,
  );
  if (answer.body === undefined) {
    throw new CliError(
      "SUBSCRIPTION_UNREADABLE",
      `its workspaces cannot be listed (${answer.code ?? answer.status})`,
      "The login needs the role Reader.",
    );
  }
  return answer.body
    .filter(({ kind }) => !OTHER_KINDS.includes((kind ?? "").toLowerCase()))
    .map((workspace) => ({
      name: workspace.name,
      resourceGroup: /\/resourceGroups\/([^/]+)\//i.exec(workspace.id)?.[1] ?? "",
      subscriptionId: id,
      subscriptionName: name,
      tenantId,
    }));
}

/** hi-ml looks for its file in the current folder and its parents; the SDK of Azure ML also in these folders of each. */
const CONFIG_FILES = [
  "config.json",
  path.join(".azureml", "config.json"),
  path.join("aml_config", "config.json"),
];

/**
 * The workspace of hi-ml's `config.json`: of this folder, or the nearest of its parents that has one, or of any folder of
 * the repository.
 *
 * @param inRepository files of that name, as git lists them: it knows what is ignored.
 */
export function findWorkspaceConfig(
  io: Io,
  folder: string,
  inRepository: readonly string[],
): Workspace | undefined {
  const near: string[] = [];
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    near.push(...CONFIG_FILES.map((name) => path.join(at, name)).filter(existsSync));
    if (at === path.dirname(at)) break;
  }
  // The nearest to the top of the repository is the likeliest to be meant for all of it.
  const depth = (file: string) => file.split(/[\\/]/).length;
  const others = inRepository
    .filter((file) => !near.includes(file))
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
  for (const file of [...near, ...others]) {
    const { values, problems } = readWorkspaceConfig(file, path.dirname(file));
    const { subscriptionId, resourceGroupName, workspaceName } = values;
    if (isText(subscriptionId) && isText(resourceGroupName) && isText(workspaceName)) {
      return {
        name: workspaceName,
        resourceGroup: resourceGroupName,
        subscriptionId,
        configFile: path.relative(folder, file),
      };
    }
    // Many programs have a config.json: only one that means a workspace and has a mistake is worth a word.
    if (Object.keys(values).length > 0)
      for (const { what, must } of problems)
        io.stderr.write(`${printable(`${file} is not used: ${what} must ${must}.`)}\n`);
  }
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** By the grammar of Azure, whoever named it: these become parts of paths. */
export function isWorkspace({ subscriptionId, resourceGroup, name }: Workspace): boolean {
  return (
    /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(subscriptionId) &&
    /^[\p{L}\p{N}_.()-]{0,89}[\p{L}\p{N}_()-]$/u.test(resourceGroup) &&
    /^[\w-]{1,64}$/.test(name)
  );
}

/** Azure compares names and IDs without regard to case. */
export function isSameWorkspace(a: Workspace, b: Workspace): boolean {
  const keyOf = ({ subscriptionId, resourceGroup, name }: Workspace) =>
    `${subscriptionId}/${resourceGroup}/${name}`.toLowerCase();
  return keyOf(a) === keyOf(b);
}

/** Those that the text names: by resource ID, as GROUP/NAME, or by name alone. */
export function matchWorkspaces(workspaces: readonly Workspace[], text: string): Workspace[] {
  const wanted = parseResourceId(text);
  if (wanted !== undefined) {
    const known = workspaces.filter((workspace) => isSameWorkspace(workspace, wanted));
    return known.length > 0 ? known : [wanted];
  }
  const [group, name] = text.includes("/") ? text.split("/", 2) : [undefined, text];
  const isSame = (one: string, other: string | undefined) => one.toLowerCase() === other?.toLowerCase();
  return workspaces.filter(
    (workspace) =>
      isSame(workspace.name, name) && (group === undefined || isSame(workspace.resourceGroup, group)),
  );
}

function parseResourceId(text: string): Workspace | undefined {
  const match =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.MachineLearningServices\/workspaces\/([^/]+)\/?$/i.exec(
      text.trim(),
    );
  if (match === null) return undefined;
  const workspace = { subscriptionId: match[1]!, resourceGroup: match[2]!, name: match[3]! };
  return isWorkspace(workspace) ? workspace : undefined;
}

/** The resource group's scope: the default of the role. */
export function groupScope({ subscriptionId, resourceGroup }: Workspace): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
}

export function workspaceScope(workspace: Workspace): string {
  return `${groupScope(workspace)}/providers/Microsoft.MachineLearningServices/workspaces/${workspace.name}`;
}
