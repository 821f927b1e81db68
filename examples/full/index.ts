import * as azuread from "@pulumi/azuread";
import { HimlServicePrincipal } from "himl-service-principal";

/** Shows every argument. Nobody needs all of them at once. */
function program() {
  const me = azuread.getClientConfigOutput().objectId;
  const principal = new HimlServicePrincipal("himl", {
    resourceGroupName: "rg-ml",
    workspaceName: "ws-ml",
    previewChecks: true,
    displayName: "himl-training",
    description: "Nightly training of team X",
    serviceManagementReference: "4711",
    owners: [me],
    roles: [
      { role: "AzureML Data Scientist", scope: "workspace" },
      { role: "AzureML Compute Operator", scope: "workspace" },
      { role: "Storage Blob Data Contributor", scope: "resourceGroup" },
    ],
    allowPrivilegedRoles: false,
    authentication: "both",
    federatedCredentials: [
      // An older repository: its subjects contain names only.
      { github: { repository: "octocat/training", branch: "main" } },
      { github: { repository: "octocat/training", ownerId: 583231, repositoryId: 1296269, tag: "v1" } },
      {
        github: { repository: "octocat/training", ownerId: 583231, repositoryId: 1296269, pullRequest: true },
      },
      // Copy both from the page of the service connection.
      {
        azureDevOps: {
          issuer: "https://login.microsoftonline.com/5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36/v2.0",
          subject: "/eid1/c/pub/t/example/a/example/sc/0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6/training",
        },
      },
      {
        name: "gitlab-main",
        issuer: "https://gitlab.com",
        subject: "project_path:team/training:ref_type:branch:ref:main",
        audience: "https://gitlab.com",
      },
    ],
    renewSecretsEveryDays: 30,
    secretGeneration: 1,
  });
  return principal.outputs;
}

export = program;
