import { HimlServicePrincipal } from "himl-service-principal";

/** No password to keep or renew, and only the rights that experiments in one workspace need. */
function program() {
  const principal = new HimlServicePrincipal("himl", {
    resourceGroupName: "rg-ml",
    workspaceName: "ws-ml",
    roles: [{ role: "AzureML Data Scientist", scope: "workspace" }],
    federatedCredentials: [
      // Trusts jobs with the environment "training". This shows the IDs: gh api repos/octocat/training --jq "[.owner.id, .id]"
      {
        github: {
          repository: "octocat/training",
          ownerId: 583231,
          repositoryId: 1296269,
          environment: "training",
        },
      },
    ],
  });
  return principal.outputs;
}

export = program;
