import { HimlServicePrincipal } from "himl-service-principal";

/** Only what is required: a secret that renews itself, Contributor on the resource group of the workspace. */
function program() {
  const principal = new HimlServicePrincipal("himl", {
    resourceGroupName: "rg-ml",
    workspaceName: "ws-ml",
  });
  return {
    HIML_SERVICE_PRINCIPAL_ID: principal.clientId,
    HIML_SERVICE_PRINCIPAL_PASSWORD: principal.clientSecret,
    HIML_TENANT_ID: principal.tenantId,
  };
}

export = program;
