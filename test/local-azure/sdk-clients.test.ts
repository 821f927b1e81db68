import assert from "node:assert/strict";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ResourceManagementClient } from "@azure/arm-resources";
import { ClientAssertionCredential, ClientSecretCredential } from "@azure/identity";
import { CONTRIBUTOR, type Created, ok, useRig } from "./rig";

/**
 * Microsoft's own clients, in this process: what proves that answers have the shape that they expect. Through the
 * proxy they take no CA but that of their process, so that way is tried in processes of their own (test/clients).
 */
describe("local Azure: Microsoft's clients for Node", () => {
  const rig = useRig();
  let login: Created;

  beforeEach(async () => {
    login = await rig.createLogin();
  });

  const trust = () => ({ tlsOptions: { ca: rig.azure.caPem } });
  const direct = () => ({ ...trust(), authorityHost: rig.azure.url, disableInstanceDiscovery: true });
  const scopes = () => `${rig.azure.url}/arm/.default`;

  it("log in with a secret", async () => {
    const { clientId, clientSecret } = login;
    const credential = new ClientSecretCredential(rig.azure.tenantId, clientId, clientSecret, direct());
    const token = await credential.getToken("https://management.azure.com/.default");
    assert.ok(token.expiresOnTimestamp > Date.now() + 3_000_000);
  });

  it("show the refusal of a removed secret with its AADSTS number and text", async () => {
    const path = `/applications/${login.applicationId}/removePassword`;
    ok(await rig.graph("POST", path, { keyId: login.keyId }), 204);
    const { clientId, clientSecret } = login;
    const credential = new ClientSecretCredential(rig.azure.tenantId, clientId, clientSecret, direct());
    await assert.rejects(credential.getToken("https://management.azure.com/.default"), {
      name: "AuthenticationRequiredError",
      message: /invalid_client: Error\(s\): 7000215 - .*AADSTS7000215: Invalid client secret provided\./,
    });
  });

  it("log in with the token of a declared issuer", async () => {
    const github = await rig.azure.control.declareIssuer("https://token.actions.githubusercontent.com");
    const claims = { sub: "repo:contoso/ml:ref:refs/heads/main", aud: "api://AzureADTokenExchange" };
    const credential = {
      name: "github",
      issuer: github.issuer,
      subject: claims.sub,
      audiences: [claims.aud],
    };
    const path = `/applications/${login.applicationId}/federatedIdentityCredentials`;
    ok(await rig.graph("POST", path, credential), 201);
    const client = new ClientAssertionCredential(
      rig.azure.tenantId,
      login.clientId,
      () => github.sign(claims),
      direct(),
    );
    assert.ok((await client.getToken("https://management.azure.com/.default")).token);
  });

  it("stop at discovery for an unknown tenant", async () => {
    const { clientId, clientSecret } = login;
    const tenant = "00000000-0000-4000-8000-000000000000";
    const credential = new ClientSecretCredential(tenant, clientId, clientSecret, direct());
    await assert.rejects(
      credential.getToken("https://management.azure.com/.default"),
      /endpoints_resolution_error/,
    );
  });

  it("assign a role, read the group with it, and are refused outside and after its removal", async () => {
    const { admin, subscriptionId, resourceGroup, otherResourceGroup, tenantId, url } = rig.azure;
    const as = (clientId: string, clientSecret: string) =>
      new ClientSecretCredential(tenantId, clientId, clientSecret, direct());
    const options = { ...trust(), endpoint: url, $host: url, credentialScopes: [scopes()] };
    const authorization = new AuthorizationManagementClient(
      as(admin.clientId, admin.clientSecret),
      subscriptionId,
      options,
    );
    const name = login.principalId;
    const created = await authorization.roleAssignments.create(rig.group, name, {
      principalId: login.principalId,
      principalType: "ServicePrincipal",
      roleDefinitionId: rig.roleId(CONTRIBUTOR),
    });
    assert.equal(created.scope, rig.group);
    assert.ok(created.createdOn instanceof Date);
    const listed = [];
    const filter = `principalId eq '${login.principalId}'`;
    for await (const one of authorization.roleAssignments.listForScope(rig.group, { filter }))
      listed.push(one.name);
    assert.deepEqual(listed, [name]);
    const roles = [];
    const named = { filter: "roleName eq 'Contributor'" };
    for await (const role of authorization.roleDefinitions.list(rig.group, named)) roles.push(role.id);
    assert.deepEqual(roles, [rig.roleId(CONTRIBUTOR)]);
    const resources = new ResourceManagementClient(
      as(login.clientId, login.clientSecret),
      subscriptionId,
      options,
    );
    assert.equal((await resources.resourceGroups.get(resourceGroup)).id, rig.group);
    await assert.rejects(resources.resourceGroups.get(otherResourceGroup), {
      name: "RestError",
      statusCode: 403,
      code: "AuthorizationFailed",
    });
    await authorization.roleAssignments.delete(rig.group, name);
    await assert.rejects(resources.resourceGroups.get(resourceGroup), { code: "AuthorizationFailed" });
  });

  it("create, read and delete a managed identity with its credentials, one at a time", async () => {
    const { admin, subscriptionId, tenantId, url, location } = rig.azure;
    const credential = new ClientSecretCredential(tenantId, admin.clientId, admin.clientSecret, direct());
    const options = { ...trust(), endpoint: url, credentialScopes: [scopes()] };
    const { resources } = new ResourceManagementClient(credential, subscriptionId, options);
    const id = `${rig.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-ml`;
    const made = await resources.beginCreateOrUpdateByIdAndWait(id, "2023-01-31", { location });
    const { principalId } = made.properties as { principalId: string };
    const put = (name: string) => {
      const properties = { issuer: "https://issuer.example", subject: name, audiences: ["a"] };
      const path = `${id}/federatedIdentityCredentials/${name}`;
      return resources.beginCreateOrUpdateByIdAndWait(path, "2023-01-31", { properties });
    };
    const [one, other] = await Promise.allSettled([put("one"), put("two")]);
    const code = "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity";
    const refused = [one, other].flatMap((result) =>
      result.status === "rejected" ? [result.reason as unknown] : [],
    );
    assert.deepEqual(
      refused.map((error) => (error as { code?: string }).code),
      [code],
    );
    await resources.beginDeleteByIdAndWait(id, "2023-01-31");
    assert.equal((await rig.graph("GET", `/servicePrincipals/${principalId}`)).status, 404);
  });

  it("retry a 503 that says when to come back", async () => {
    const { admin, subscriptionId, tenantId, url, resourceGroup } = rig.azure;
    const credential = new ClientSecretCredential(tenantId, admin.clientId, admin.clientSecret, direct());
    const options = { ...trust(), endpoint: url, credentialScopes: [scopes()] };
    const resources = new ResourceManagementClient(credential, subscriptionId, options);
    rig.azure.control.addFault({ match: { path: "/resourceGroups/" }, answer: 503, retryAfter: 0 });
    assert.equal((await resources.resourceGroups.get(resourceGroup)).name, resourceGroup);
    const statuses = rig.azure.control
      .requests()
      .filter(({ path }) => /resourceGroups\//i.test(path))
      .map(({ status }) => status);
    assert.deepEqual(statuses, [503, 200]);
  });
});
