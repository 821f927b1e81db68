// The resources that the component declares, written as without it.
const { Application } = require("@pulumi/azuread/application");
const { ApplicationPassword } = require("@pulumi/azuread/applicationPassword");
const { ServicePrincipal } = require("@pulumi/azuread/servicePrincipal");
const { RoleAssignment } = require("@pulumi/azure-native/authorization/roleAssignment");
const { RandomUuid } = require("@pulumi/random/randomUuid");

const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";

module.exports = () => {
  const scope = process.env.BENCH_SCOPE;
  const subscription = scope.split("/").slice(0, 3).join("/");
  const endDate = new Date(Date.now() + 180 * 86_400_000).toISOString().replace(/T.*/, "T00:00:00Z");
  const outputs = {};
  for (let i = 0; i < Number(process.env.BENCH_PRINCIPALS); i++) {
    const name = `principal-${i}`;
    const instance = new RandomUuid(`${name}-instance`);
    const assignmentName = new RandomUuid(`${name}-assignment-name`);
    const application = new Application(name, { displayName: name, tags: [instance.result] });
    const principal = new ServicePrincipal(name, { clientId: application.clientId });
    const password = new ApplicationPassword(name, {
      applicationId: application.id,
      displayName: "a",
      endDate,
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
