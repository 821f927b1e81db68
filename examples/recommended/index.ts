import { createStackOutputs, HimlServicePrincipal } from "himl-service-principal";

/** No password to keep or renew, and no more rights than running experiments in one workspace takes. */
function program() {
  const principal = new HimlServicePrincipal("himl", {
    resourceGroupName: "rg-ml",
    workspaceName: "ws-ml",
    roles: [{ role: "AzureML Data Scientist", scope: "workspace" }],
    authentication: "federated",
    federatedCredentials: [
      // Jobs that name the environment "training". The IDs: gh api repos/octocat/training --jq "[.owner.id, .id]"
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
  return createStackOutputs(principal);
}

export = program;
