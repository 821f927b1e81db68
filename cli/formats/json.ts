import { printableJson } from "../terminal/printable";
import { variableEntries } from "../variables";
import type { Format } from "./format";

/** One JSON object, names to values. */
export const json: Format = {
  description: "one JSON object",
  render: (variables) => printableJson(Object.fromEntries(variableEntries(variables))),
};

/** hi-ml's `config.json`, by which it finds the workspace: no login, and nothing secret. */
export const hiMlConfig: Format = {
  description: "hi-ml's config.json: subscription, resource group and workspace",
  render: (variables) => {
    const config = {
      subscription_id: variables.HIML_SUBSCRIPTION_ID,
      resource_group: variables.HIML_RESOURCE_GROUP,
      workspace_name: variables.HIML_WORKSPACE_NAME,
    };
    return printableJson(config);
  },
};
