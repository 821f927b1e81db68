import { mayDo, type Permission } from "../../components/plan/permissions";
import type { ResourceManager } from "../azure/resource-manager";
import type { CheckedVariables } from "./variables";

/** https://learn.microsoft.com/azure/machine-learning/how-to-assign-roles#common-scenarios */
const SUBMIT_ACTIONS = [
  "Microsoft.MachineLearningServices/workspaces/jobs/write",
  "Microsoft.MachineLearningServices/workspaces/experiments/runs/submit/action",
];

export interface Workspace {
  id: string;
  name: string;
  location: string;
}

export function readSubscription(
  azure: ResourceManager,
  variables: CheckedVariables,
): Promise<{ displayName: string }> {
  return azure.get(subscriptionPath(variables), "2022-12-01", "the subscription");
}

export function readWorkspace(azure: ResourceManager, variables: CheckedVariables): Promise<Workspace> {
  return azure.get(workspacePath(variables), "2024-10-01", "the workspace");
}

/** What the roles on the workspace lack for submitting jobs. "May", not "can": compute and quota are another matter. */
export async function readMissingActions(
  azure: ResourceManager,
  variables: CheckedVariables,
): Promise<string[]> {
  const path = `${workspacePath(variables)}/providers/Microsoft.Authorization/permissions`;
  const { value } = await azure.get<{ value: Permission[] }>(
    path,
    "2022-04-01",
    "the roles on the workspace",
  );
  return SUBMIT_ACTIONS.filter((action) => !mayDo(value, action));
}

function subscriptionPath(variables: CheckedVariables): string {
  return `/subscriptions/${variables.HIML_SUBSCRIPTION_ID}`;
}

function workspacePath(variables: CheckedVariables): string {
  const { HIML_RESOURCE_GROUP, HIML_WORKSPACE_NAME } = variables;
  return `${subscriptionPath(variables)}/resourceGroups/${HIML_RESOURCE_GROUP}/providers/Microsoft.MachineLearningServices/workspaces/${HIML_WORKSPACE_NAME}`;
}
