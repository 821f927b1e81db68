import assert from "node:assert/strict";
import { startLocalAzure, type LocalAzure } from "../../local-azure/local-azure";
import { skipUnlessAvailable } from "./availability";
import { AzureCli } from "./azure-cli";
import { pythonEnvironment, type PythonEnvironment } from "./environments";
import { Sandbox, WAYS_IN } from "./sandbox";
import { assertAllAnswered } from "./unanswered";

const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const NAME = "himl-by-az";

interface Created {
  appId: string;
  displayName: string;
  password: string;
  tenant: string;
}
interface Assignment {
  id: string;
  principalId: string;
  principalName: string;
  roleDefinitionId: string;
  roleDefinitionName: string;
  scope: string;
}

for (const way of WAYS_IN) {
  describe(`azure-cli, ${way} way in`, function () {
    this.timeout(120_000);
    let environment: PythonEnvironment;
    let azure: LocalAzure;
    let sandbox: Sandbox;
    let admin: AzureCli;
    let created: Created;
    let group: string;
    let workspace: string;

    before(async function () {
      this.timeout(1_200_000);
      environment = await skipUnlessAvailable(this, "azure-cli", () => pythonEnvironment("azure-cli"));
      sandbox = await Sandbox.create();
      azure = await startLocalAzure();
      group = `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;
      workspace = `${group}/providers/Microsoft.MachineLearningServices/workspaces/${azure.workspaceName}`;
      admin = await newCli();
    });

    after(async () => {
      await azure?.close();
      await sandbox?.remove();
      if (azure !== undefined) assertAllAnswered(azure);
    });

    const newCli = () => AzureCli.create(environment, azure, way, sandbox);
    const login = (clientId: string, secret: string, tenantId = azure.tenantId) =>
      AzureCli.loginArguments({ clientId, secret, tenantId });
    const createForRbac = () =>
      admin.json<Created>(
        ...["ad", "sp", "create-for-rbac", "--name", NAME],
        ...["--role", "Contributor", "--scopes", group],
      );
    const application = () => azure.control.state().applications.find((a) => a.appId === created.appId);
    const principal = () => azure.control.state().servicePrincipals.find((p) => p.appId === created.appId);
    const roles = () =>
      azure.control
        .state()
        .roleAssignments.filter((assignment) => assignment.principalId === principal()?.id)
        .map(({ scope, roleDefinitionGuid }) => `${roleDefinitionGuid} ${scope}`)
        .sort();

    it("logs a person in, keeps the login, and registers an application in their name", async function () {
      // MSAL asks for the person's realm at port 443 of the host, whatever the port of the authority is.
      if (way === "direct") return this.skip();
      const person = azure.control.createPerson({ displayName: "Ada L", role: "Reader" });
      const az = await newCli();
      const user = ["--username", person.userPrincipalName, `--password=${person.password}`];
      const [subscription] = await az.json<{ id: string; user: unknown }[]>("login", ...user);
      assert.equal(subscription?.id, azure.subscriptionId);
      assert.deepEqual(subscription?.user, { name: person.userPrincipalName, type: "user" });
      const me = await az.json<{ id: string }>("ad", "signed-in-user", "show");
      assert.equal(me.id, person.objectId);
      const { appId } = await az.json<{ appId: string }>("ad", "app", "create", "--display-name", "by-ada");
      const registered = azure.control.state().applications.find((one) => one.appId === appId);
      assert.deepEqual(registered?.owners, [person.objectId]);
    });

    it("logs the admin in, with both subscriptions", async () => {
      const subscriptions = await admin.json<{ id: string; tenantId: string; user: unknown }[]>(
        ...login(azure.admin.clientId, azure.admin.clientSecret),
      );
      assert.deepEqual(
        subscriptions.map(({ id, tenantId, user }) => ({ id, tenantId, user })),
        [azure.subscriptionId, azure.otherSubscriptionId].map((id) => ({
          id,
          tenantId: azure.tenantId,
          user: { name: azure.admin.clientId, type: "servicePrincipal" },
        })),
      );
      await admin.succeed("account", "set", "--subscription", azure.subscriptionId);
    });

    it("creates a managed identity, trusts an issuer, logs in as it, and deletes it", async () => {
      const at = ["--resource-group", azure.resourceGroup];
      const identity = await admin.json<{ clientId: string; principalId: string; id: string }>(
        ...["identity", "create", "--name", "id-ml", ...at],
      );
      const shown = await admin.json<object>("identity", "show", "--name", "id-ml", ...at);
      assert.deepEqual(shown, identity);
      const of = ["--identity-name", "id-ml", ...at];
      const subject = "repo:contoso/ml:ref:refs/heads/main";
      const github = await azure.control.declareIssuer("https://token.actions.githubusercontent.com");
      const aud = "api://AzureADTokenExchange";
      await admin.succeed(
        ...["identity", "federated-credential", "create", "--name", "main", ...of],
        ...["--issuer", github.issuer, "--subject", subject, "--audiences", aud],
      );
      const trusts = await admin.json<{ name: string; subject: string }[]>(
        ...["identity", "federated-credential", "list", ...of],
      );
      assert.deepEqual(
        trusts.map(({ name, subject }) => [name, subject]),
        [["main", subject]],
      );
      await admin.succeed(
        ...["role", "assignment", "create", "--assignee-object-id", identity.principalId],
        ...["--assignee-principal-type", "ServicePrincipal", "--role", "Reader", "--scope", group],
      );
      const federatedToken = await github.sign({ sub: subject, aud });
      const { tenantId } = azure;
      const job = await newCli();
      await job.succeed(
        ...AzureCli.loginArguments({ clientId: identity.clientId, tenantId, federatedToken }),
      );
      assert.equal(
        (await job.json<{ name: string }>("group", "show", "--name", azure.resourceGroup)).name,
        azure.resourceGroup,
      );
      await admin.succeed(
        ...["identity", "federated-credential", "delete", "--name", "main", "--yes", ...of],
      );
      await admin.succeed("identity", "delete", "--name", "id-ml", ...at);
      assert.deepEqual(azure.control.state().managedIdentities, []);
    });

    it("creates, changes and deletes people and groups", async () => {
      const [domain] = azure.control
        .createPerson({ displayName: "b" })
        .userPrincipalName.split("@")
        .slice(-1);
      const user = await admin.json<{ id: string }>(
        ...["ad", "user", "create", "--display-name", "Ada", "--password", "p@$$Wd123"],
        ...["--user-principal-name", `ada@${domain}`],
      );
      const team = await admin.json<{ id: string }>(
        ...["ad", "group", "create", "--display-name", "team", "--mail-nickname", "team"],
      );
      await admin.succeed("ad", "group", "member", "add", "--group", "team", "--member-id", user.id);
      await admin.succeed("ad", "group", "owner", "add", "--group", "team", "--owner-object-id", user.id);
      const groups = await admin.json<{ id: string }[]>("ad", "user", "get-member-groups", "--id", user.id);
      assert.deepEqual(
        groups.map(({ id }) => id),
        [team.id],
      );
      await admin.succeed("ad", "user", "update", "--id", `ada@${domain}`, "--display-name", "Ada L");
      const { displayName } = await admin.json<{ displayName: string }>(
        "ad",
        "user",
        "show",
        "--id",
        user.id,
      );
      assert.equal(displayName, "Ada L");
      await admin.succeed("ad", "group", "member", "remove", "--group", "team", "--member-id", user.id);
      await admin.succeed("ad", "group", "delete", "--group", "team");
      await admin.succeed("ad", "user", "delete", "--id", user.id);
    });

    it("creates a principal with a secret and a role: ad sp create-for-rbac", async () => {
      created = await createForRbac();
      assert.equal(created.displayName, NAME);
      assert.equal(created.tenant, azure.tenantId);
      assert.equal(application()?.displayName, NAME);
      assert.equal(application()?.passwords.length, 1);
      assert.deepEqual(roles(), [`${CONTRIBUTOR} ${group}`]);
    });

    it("takes the existing principal and resets its secrets the second time", async () => {
      const first = created;
      const firstKeyId = application()?.passwords[0]?.keyId;
      created = await createForRbac();
      assert.equal(created.appId, first.appId);
      assert.notEqual(created.password, first.password);
      assert.equal(application()?.passwords.length, 1);
      assert.notEqual(application()?.passwords[0]?.keyId, firstKeyId);
      assert.deepEqual(roles(), [`${CONTRIBUTOR} ${group}`]);

      const refusal = await (await newCli()).refusal(...login(created.appId, first.password));
      assert.match(refusal, new RegExp(`AADSTS7000215: Invalid client secret provided.*'${created.appId}'`));
    });

    it("logs the principal in, which reads its workspace and nothing beside it", async () => {
      const pipeline = await newCli();
      const subscriptions = await pipeline.json<{ id: string }[]>(...login(created.appId, created.password));
      assert.deepEqual(
        subscriptions.map(({ id }) => id),
        [azure.subscriptionId],
      );

      const shown = await pipeline.json<{
        id: string;
        name: string;
        location: string;
        resourceGroup: string;
      }>(...["resource", "show", "--ids", workspace]);
      assert.equal(shown.id, workspace);
      assert.equal(shown.name, azure.workspaceName);
      assert.equal(shown.location, azure.location);
      assert.equal(shown.resourceGroup, azure.resourceGroup);

      const refusal = await pipeline.refusal("group", "show", "--name", azure.otherResourceGroup);
      assert.match(refusal, /\(AuthorizationFailed\) The client '[^']+' with object id/);
      assert.ok(refusal.includes(`/resourceGroups/${azure.otherResourceGroup}'`), refusal);
    });

    it("lists the secrets, and appends one: ad app credential list / reset --append", async () => {
      const appended = await admin.json<Created>(
        ...["ad", "app", "credential", "reset", "--id", created.appId],
        ...["--append", "--display-name", "second", "--years", "1"],
      );
      assert.equal(appended.appId, created.appId);
      const listed = await admin.json<{ keyId: string; displayName: string; endDateTime: string }[]>(
        ...["ad", "app", "credential", "list", "--id", created.appId],
      );
      const held = application()?.passwords ?? [];
      assert.deepEqual(
        listed.map(({ keyId, displayName, endDateTime }) => ({ keyId, displayName, endDateTime })),
        held.map(({ keyId, displayName, endDateTime }) => ({ keyId, displayName, endDateTime })),
      );
      assert.deepEqual(held.map(({ displayName }) => displayName).sort(), ["rbac", "second"]);

      for (const secret of [created.password, appended.password])
        await (await newCli()).succeed(...login(created.appId, secret));
    });

    it("creates, lists and deletes trusts: ad app federated-credential", async () => {
      const trust = {
        name: "github-main",
        issuer: "https://token.actions.githubusercontent.com",
        subject: "repo:o/r:ref:refs/heads/main",
        audiences: ["api://AzureADTokenExchange"],
      };
      const federated = ["ad", "app", "federated-credential"];
      const made = await admin.json<typeof trust & { id: string }>(
        ...[...federated, "create", "--id", created.appId, "--parameters", JSON.stringify(trust)],
      );
      const listed = await admin.json<(typeof trust & { id: string })[]>(
        ...[...federated, "list", "--id", created.appId],
      );
      assert.deepEqual(
        listed.map(({ id, name, issuer, subject, audiences }) => ({ id, name, issuer, subject, audiences })),
        [{ id: made.id, ...trust }],
      );
      assert.deepEqual(
        application()?.federatedCredentials.map(({ name, subject }) => ({ name, subject })),
        [{ name: trust.name, subject: trust.subject }],
      );

      const refusal = await admin.refusal(
        ...[...federated, "create", "--id", created.appId, "--parameters", JSON.stringify(trust)],
      );
      assert.match(refusal, /FederatedIdentityCredential with name github-main already exists/);

      await admin.succeed(
        ...[...federated, "delete", "--id", created.appId],
        ...["--federated-credential-id", trust.name],
      );
      assert.deepEqual(application()?.federatedCredentials, []);
    });

    it("creates, lists and deletes role assignments", async () => {
      const assignee = ["--assignee", created.appId, "--scope", workspace];
      const made = await admin.json<Assignment>(
        ...["role", "assignment", "create", "--role", "Reader", ...assignee],
      );
      assert.equal(made.principalId, principal()?.id);
      assert.deepEqual(roles(), [`${READER} ${workspace}`, `${CONTRIBUTOR} ${group}`].sort());

      const listed = await admin.json<Assignment[]>(
        ...["role", "assignment", "list", "--include-inherited", ...assignee],
      );
      assert.deepEqual(
        listed
          .map(({ roleDefinitionName, scope, principalName }) => ({
            roleDefinitionName,
            scope,
            principalName,
          }))
          .sort((a, b) => a.scope.length - b.scope.length),
        [
          { roleDefinitionName: "Contributor", scope: group, principalName: created.appId },
          { roleDefinitionName: "Reader", scope: workspace, principalName: created.appId },
        ],
      );

      await admin.succeed("role", "assignment", "delete", "--role", "Reader", ...assignee);
      assert.deepEqual(roles(), [`${CONTRIBUTOR} ${group}`]);
    });

    it("is refused with an expired secret", async () => {
      const end = application()
        ?.passwords.map(({ endDateTime }) => endDateTime)
        .sort()
        .at(-1);
      assert.ok(end !== undefined);
      const today = azure.control.now();
      azure.control.setClock(new Date(Date.parse(end) + 1000));
      try {
        const refusal = await (await newCli()).refusal(...login(created.appId, created.password));
        assert.match(refusal, new RegExp(`AADSTS7000222: .*'${created.appId}' are expired`));
      } finally {
        azure.control.setClock(today);
      }
    });

    it("is refused after ad sp delete, and after ad app delete", async () => {
      await admin.succeed("ad", "sp", "delete", "--id", created.appId);
      assert.equal(principal(), undefined);
      const withoutPrincipal = await (await newCli()).refusal(...login(created.appId, created.password));
      assert.match(withoutPrincipal, /AADSTS7000229: .* missing service principal in the tenant/);

      await admin.succeed("ad", "app", "delete", "--id", created.appId);
      assert.equal(application(), undefined);
      const withoutApplication = await (await newCli()).refusal(...login(created.appId, created.password));
      assert.match(
        withoutApplication,
        new RegExp(`AADSTS700016: Application with identifier '${created.appId}'`),
      );
    });

    it("is refused in a tenant that does not exist", async () => {
      const nowhere = "00000000-0000-4000-8000-000000000000";
      const refusal = await (
        await newCli()
      ).refusal(...login(azure.admin.clientId, azure.admin.clientSecret, nowhere));
      assert.match(refusal, new RegExp(`Unable to get authority configuration for https://.*${nowhere}`));
    });
  });
}
