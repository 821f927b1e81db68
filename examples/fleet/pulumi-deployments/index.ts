import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { DeploymentSchedule, DeploymentSettings, DriftSchedule } from "@pulumi/pulumiservice";

/**
 * Lets Pulumi Deployments renew stacks that live in Pulumi Cloud: an update every week, and every day a look for what
 * somebody changed by hand. It brings no password to pipelines: for stacks with `authentication: federated`, or for
 * pipelines that read the outputs themselves, with `himl-sp env`.
 */
function program() {
  const config = new pulumi.Config();
  const organization = config.require("organization");
  const project = "himl-service-principal";
  for (const stack of config.requireObject<string[]>("stacks")) {
    const at = { organization, project, stack };
    const settings = new DeploymentSettings(stack, {
      ...at,
      sourceContext: {
        git: { repoUrl: "https://github.com/contoso/himl-service-principal.git", branch: "refs/heads/main" },
      },
      operationContext: {
        // The provisioner's application trusts Pulumi Cloud, so no secret is needed here.
        oidc: {
          azure: {
            clientId: config.require("provisionerClientId"),
            tenantId: config.require("tenantId"),
            subscriptionId: config.require("subscriptionId"),
          },
        },
        options: { skipInstallDependencies: true },
        preRunCommands: ["npm ci --omit=dev"],
      },
    });
    const { minute, hour, day } = timeOf(stack);
    const options = { dependsOn: settings };
    new DeploymentSchedule(
      stack,
      { ...at, pulumiOperation: "update", scheduleCron: `${minute} ${hour} * * ${day}` },
      options,
    );
    new DriftSchedule(
      stack,
      { ...at, scheduleCron: `${minute} ${hour} * * *`, autoRemediate: false },
      options,
    );
  }
}

/** The schedule depends only on the name of the stack, so that many stacks are spread over the week. */
function timeOf(stack: string) {
  const hash = createHash("sha256").update(stack).digest();
  return { minute: hash[0]! % 60, hour: hash[1]! % 24, day: hash[2]! % 7 };
}

export = program;
