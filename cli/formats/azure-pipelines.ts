import { PASSWORD } from "../variables";
import { cannotCarry, type Format, renderEach } from "./format";

/**
 * Logging commands of Azure Pipelines, which the agent reads on stdout: each becomes a variable of the later steps of
 * the job. The password is a secret variable: masked in the log, and in a step's environment only where its `env:`
 * says so (https://learn.microsoft.com/azure/devops/pipelines/process/set-secret-variables).
 */
export const azurePipelines: Format = {
  description: "logging commands that set variables for the later steps of a job in Azure Pipelines",
  render: (variables) =>
    renderEach("azure-pipelines", variables, (name, value) => {
      const isSecret = name === PASSWORD;
      // The agent refuses it, because it cannot mask a value that a log shows line by line.
      if (isSecret && /[\r\n]/.test(value)) {
        throw cannotCarry("azure-pipelines", name, "a line break, because it is secret,", "json");
      }
      return `##vso[task.setvariable variable=${name}${isSecret ? ";issecret=true" : ""}]${escape(value)}\n`;
    }),
};

/** https://github.com/microsoft/azure-pipelines-agent: docs/design/percentEncoding.md, src/Agent.Sdk/CommandStringConvertor.cs */
function escape(value: string): string {
  return value
    .replaceAll("%", "%AZP25")
    .replaceAll(";", "%3B")
    .replaceAll("\r", "%0D")
    .replaceAll("\n", "%0A")
    .replaceAll("]", "%5D");
}
