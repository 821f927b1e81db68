import assert from "node:assert/strict";
import { runCommand } from "./command";
import { useShared } from "../support/shared";
import { type Environment, UNKNOWN_ID, VerifyStage } from "./verify-stage";

describe("himl-sp verify: what is wrong, provoked in the local Azure", function () {
  this.timeout(60_000);
  const stage = useShared(() => VerifyStage.create());

  describe("refusals of Entra", () => {
    const cases: [code: string, env: () => Environment, sentence: RegExp, remedy: RegExp][] = [
      [
        "AADSTS700016",
        () => ({ ...stage.variables(), HIML_SERVICE_PRINCIPAL_ID: UNKNOWN_ID }),
        /The tenant knows no application with the ID in HIML_SERVICE_PRINCIPAL_ID\.$/,
        /Check HIML_SERVICE_PRINCIPAL_ID and HIML_TENANT_ID/,
      ],
      [
        "AADSTS7000215",
        () => ({ ...stage.variables(), HIML_SERVICE_PRINCIPAL_PASSWORD: "wrong~one" }),
        /The password is wrong, or it belongs to a secret that was removed\.$/,
        /copy the secret's value, not its ID/,
      ],
      [
        "AADSTS90002",
        () => ({ ...stage.variables(), HIML_TENANT_ID: UNKNOWN_ID }),
        /There is no tenant with the ID in HIML_TENANT_ID\.$/,
        /az account show --query tenantId/,
      ],
    ];
    for (const [code, env, sentence, remedy] of cases) {
      it(code, async () => stage.assertFailure(await stage.run(env()), code, sentence, remedy));
    }

    it("AADSTS7000222", async () => {
      const expiring = stage.azure.control.createCaller({
        displayName: "expiring",
        role: "Contributor",
        scope: stage.group,
      });
      const before = stage.azure.control.now();
      stage.azure.control.advanceClock({ days: 3_650 });
      try {
        const finished = await stage.run(stage.variables(expiring));
        stage.assertFailure(
          finished,
          "AADSTS7000222",
          /The password has expired\.$/,
          /`pulumi up`, which creates a new one/,
        );
      } finally {
        stage.azure.control.setClock(before);
      }
    });

    it("AADSTS53003", async () => {
      stage.azure.control.setPolicy({ blockedClientIds: [stage.caller.clientId] });
      try {
        stage.assertFailure(
          await stage.run(stage.variables()),
          "AADSTS53003",
          /Conditional access of the tenant blocks this login\.$/,
          /Run it from a network that the policy allows/,
        );
      } finally {
        stage.azure.control.setPolicy({ blockedClientIds: [] });
      }
    });

    it("AADSTS7000229", async () => {
      const orphan = stage.azure.control.createCaller({ displayName: "orphan" });
      await stage.asAdmin(
        "DELETE",
        `https://graph.microsoft.com/v1.0/servicePrincipals/${orphan.servicePrincipalObjectId}`,
      );
      stage.assertFailure(
        await stage.run(stage.variables(orphan)),
        "AADSTS7000229",
        /The application exists, but its service principal in the tenant does not\.$/,
        /`pulumi refresh`/,
      );
    });
  });

  describe("refusals of Azure Resource Manager", () => {
    it("AuthorizationFailed: a role elsewhere in the subscription", async () => {
      const elsewhere = stage.azure.control.createCaller({
        displayName: "elsewhere",
        role: "Contributor",
        scope: `/subscriptions/${stage.azure.subscriptionId}/resourceGroups/${stage.azure.otherResourceGroup}`,
      });
      stage.assertFailure(
        await stage.run(stage.variables(elsewhere)),
        "AuthorizationFailed",
        /no role that lets it read the workspace, or there is no such thing\.$/,
        /`himl-sp status` shows its roles/,
      );
    });

    it("SubscriptionNotFound", async () => {
      stage.assertFailure(
        await stage.run({ ...stage.variables(), HIML_SUBSCRIPTION_ID: UNKNOWN_ID }),
        "SubscriptionNotFound",
        /no subscription with the ID in HIML_SUBSCRIPTION_ID, or the service principal has no role in it\.$/,
        /Check HIML_SUBSCRIPTION_ID/,
      );
    });

    it("ResourceGroupNotFound", async () => {
      const wide = stage.azure.control.createCaller({
        displayName: "wide",
        role: "Contributor",
        scope: `/subscriptions/${stage.azure.subscriptionId}`,
      });
      stage.assertFailure(
        await stage.run({ ...stage.variables(wide), HIML_RESOURCE_GROUP: "rg-nowhere" }),
        "ResourceGroupNotFound",
        /no resource group with the name in HIML_RESOURCE_GROUP in the subscription\.$/,
        /Overview page of the workspace/,
      );
    });

    it("ResourceNotFound", async () => {
      stage.assertFailure(
        await stage.run({ ...stage.variables(), HIML_WORKSPACE_NAME: "ws-nowhere" }),
        "ResourceNotFound",
        /no workspace with the name in HIML_WORKSPACE_NAME in the resource group\.$/,
        /Overview page of the workspace/,
      );
    });

    it("a Reader may not submit, and --read-only is content with that", async () => {
      const reader = stage.azure.control.createCaller({
        displayName: "reader",
        role: "Reader",
        scope: stage.group,
      });
      stage.assertFailure(
        await stage.run(stage.variables(reader)),
        "ROLE_LACKS_SUBMIT",
        /They lack Microsoft\.MachineLearningServices\/workspaces\/jobs\/write and .*runs\/submit\/action\.$/,
        /"AzureML Data Scientist" on the workspace/,
      );
      const { exitCode, stdout } = await stage.run(stage.variables(reader), "--read-only");
      assert.equal(exitCode, 0);
      assert.match(stdout, /may not submit jobs, as intended/);
    });

    it("AzureML Data Scientist on the workspace may submit", async () => {
      const scientist = stage.azure.control.createCaller({
        displayName: "scientist",
        role: "AzureML Data Scientist",
        scope: `${stage.group}/providers/Microsoft.MachineLearningServices/workspaces/${stage.azure.workspaceName}`,
      });
      assert.match((await stage.run(stage.variables(scientist))).stdout, /^ok {4}role {11}may submit jobs$/m);
    });
  });

  describe("the network", () => {
    it("TLS_INTERCEPTED: a CA that nobody told Node.js of", async () => {
      stage.assertFailure(
        await runCommand(["verify"], { env: { ...stage.variables(), HTTPS_PROXY: stage.azure.proxyUrl } }),
        "TLS_INTERCEPTED",
        /Node\.js does not trust the certificate of login\.microsoftonline\.com \(\w+\)\./,
        /Set NODE_EXTRA_CA_CERTS/,
      );
    });

    it("NETWORK_UNREACHABLE", async () => {
      stage.assertFailure(
        await runCommand(["verify"], { env: { ...stage.variables(), HTTPS_PROXY: "http://127.0.0.1:9" } }),
        "NETWORK_UNREACHABLE",
        /login\.microsoftonline\.com cannot be reached \(ECONNREFUSED\)\.$/,
        /HTTPS_PROXY must be its address/,
      );
    });
  });
});
