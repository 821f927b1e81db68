// The resources that the component declares, with the same arguments and options, written as without it.
const { getClientConfigOutput } = require("@pulumi/azuread/getClientConfig");
const { Application } = require("@pulumi/azuread/application");
const { ApplicationPassword } = require("@pulumi/azuread/applicationPassword");
const { ServicePrincipal } = require("@pulumi/azuread/servicePrincipal");
const { RoleAssignment } = require("@pulumi/azure-native/authorization/roleAssignment");
const { interpolate } = require("@pulumi/pulumi");
const { RandomUuid } = require("@pulumi/random/randomUuid");

const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";

module.exports = () => {
  const scope = process.env.BENCH_SCOPE;
  const subscription = scope.split("/").slice(0, 3).join("/");
  const since = new Date().toISOString().slice(0, 10);
  const endDate = new Date(Date.parse(since) + 180 * 86_400_000).toISOString().replace(".000Z", "Z");
  const owners = [getClientConfigOutput().objectId];
  const outputs = {};
  for (let i = 0; i < Number(process.env.BENCH_PRINCIPALS); i++) {
    const name = `principal-${i}`;
    const instance = new RandomUuid(`${name}-instance`);
    const assignmentName = new RandomUuid(`${name}-assignment-name`);
    const application = new Application(
      name,
      {
        displayName: name,
        description: `Used by hi-ml in pipelines for the Azure ML workspace ${process.env.BENCH_WORKSPACE}. Managed by Pulumi.`,
        owners,
        tags: ["himl-service-principal", interpolate`himl-instance:${instance.result}`],
      },
      { ignoreChanges: ["owners"] },
    );
    const principal = new ServicePrincipal(
      name,
      { clientId: application.clientId, owners, useExisting: true },
      { ignoreChanges: ["owners"], deletedWith: application },
    );
    const password = new ApplicationPassword(name, {
      applicationId: application.id,
      displayName: interpolate`slot a (himl ${instance.result})`,
      endDate,
      rotateWhenChanged: { period: "0", generation: "1", since, everyDays: "90" },
    });
    new RoleAssignment(name, {
      principalId: principal.objectId,
      principalType: "ServicePrincipal",
      roleAssignmentName: assignmentName.result,
      roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${CONTRIBUTOR}`,
      scope,
    });
    outputs[`id-${i}`] = application.clientId;
    outputs[`secret-${i}`] = password.value;
  }
  return outputs;
};
