import { HimlServicePrincipal } from "himl-service-principal";

/** Only the required arguments: a secret that each due `up` renews, and Contributor on the resource group of the workspace. */
function program() {
  const principal = new HimlServicePrincipal("himl", {
    resourceGroupName: "rg-ml",
    workspaceName: "ws-ml",
  });
  return principal.outputs;
}

export = program;
