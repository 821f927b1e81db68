import { createStackOutputs, HimlServicePrincipal } from "himl-service-principal";

/** Only what is required: a secret that renews itself, Contributor on the resource group of the workspace. */
function program() {
  const principal = new HimlServicePrincipal("himl", {
    resourceGroupName: "rg-ml",
    workspaceName: "ws-ml",
  });
  return createStackOutputs(principal);
}

export = program;
