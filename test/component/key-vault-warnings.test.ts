import assert from "node:assert/strict";
import { describeDangers, describeFirstDelivery, type VaultQuestion } from "../../components/look-ups/vault";
import { CALLER, INSTANCE, SUBSCRIPTION } from "./recorder";

const VAULTS = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml/providers/Microsoft.KeyVault/vaults`;
const PASSWORD = "dev-fc1a8e64-HIML-SERVICE-PRINCIPAL-PASSWORD";

describe("What is told of a Key Vault", () => {
  const location = { subscriptionId: SUBSCRIPTION, resourceGroupName: "rg-ml", vaultName: "kv-ml" };
  const question = (more: Partial<VaultQuestion> = {}): VaultQuestion => ({
    vault: "kv-ml",
    workspace: { subscriptionId: SUBSCRIPTION, resourceGroupName: "rg-ml", workspaceName: "ws-ml" },
    login: { tenantId: "", subscriptionId: SUBSCRIPTION, objectId: CALLER },
    looksUp: true,
    secrets: {},
    vaultSecrets: [{ variable: "HIML_SERVICE_PRINCIPAL_PASSWORD", secretName: PASSWORD }],
    ...more,
  });
  const safe = { enableRbacAuthorization: true, publicNetworkAccess: "Enabled" };
  const policy = (objectId: string, ...secrets: string[]) => ({
    enableRbacAuthorization: false,
    accessPolicies: [{ tenantId: "", objectId, permissions: { secrets } }],
  });

  it("is nothing if the vault has no danger", () => {
    assert.deepEqual(describeDangers(safe, location, question()), []);
    for (const right of ["delete", "Delete", "all"])
      assert.deepEqual(describeDangers(policy(CALLER.toUpperCase(), "get", right), location, question()), []);
  });

  it("warns who can read the password in the vault of the workspace, however the vault was named", () => {
    const keyVaultId = `${VAULTS}/KV-ml`;
    const workspace = { ...question().workspace, keyVaultId };
    const expected =
      "Key Vault kv-ml belongs to the workspace ws-ml: everybody who may run a job in the workspace can read the password there. To prevent that, use a separate vault.";
    for (const vault of ["workspace", "kv-ml", keyVaultId.toLowerCase()])
      assert.deepEqual(describeDangers(safe, location, question({ vault, workspace })), [expected]);
    const other = [{ variable: "HIML_TENANT_ID" as const, secretName: "x" }];
    assert.deepEqual(describeDangers(safe, location, question({ workspace, vaultSecrets: other })), []);
  });

  it("warns that a destroy will fail if no access policy lets this login delete, and says how to change that", () => {
    for (const vault of [policy(CALLER, "get", "set"), policy(INSTANCE, "all"), {}]) {
      const [warning, ...more] = describeDangers(vault, location, question());
      assert.deepEqual(more, []);
      assert.equal(
        warning,
        `Key Vault kv-ml: none of its access policies lets you (${CALLER}) delete secrets. Unless a group of yours has such a policy, \`pulumi destroy\` will fail. ` +
          `\`az keyvault set-policy --name kv-ml --object-id ${CALLER} --secret-permissions get list delete recover\` gives you the right.`,
      );
    }
  });

  it("warns that a destroy may fail behind a firewall", () => {
    const closed = [
      { publicNetworkAccess: "Disabled" },
      { networkAcls: { bypass: "None", defaultAction: "Deny" } },
    ];
    for (const firewall of closed) {
      const [warning, ...more] = describeDangers({ ...safe, ...firewall }, location, question());
      assert.deepEqual(more, []);
      assert.match(
        warning!,
        /^Key Vault kv-ml has a firewall\..*`pulumi destroy` deletes in the vault itself: outside the networks that the vault allows it fails\./,
      );
    }
  });

  it("says once which rights cannot be looked up, what a destroy keeps, for how long, and how that ends", () => {
    const told = (vault: object, more: Partial<VaultQuestion> = {}) =>
      describeFirstDelivery(vault, location, question(more)).map(
        ({ severity, text }) => `${severity}: ${text}`,
      );
    const [rights, kept] = told({ ...safe, enableSoftDelete: true, softDeleteRetentionInDays: 7 });
    assert.match(rights!, /^warn: .*Microsoft\.KeyVault\/vaults\/secrets\/write.*Key Vault Secrets Officer/);
    assert.ok(
      kept!.includes(
        `keeps it as deleted for 7 days (\`az keyvault secret purge --vault-name kv-ml --name ${PASSWORD}\` removes it sooner)`,
      ),
      kept,
    );
    const [protectedForLong, ...more] = told({ enablePurgeProtection: true });
    assert.deepEqual(more, []);
    assert.match(
      protectedForLong!,
      /^info: .* for 90 days \(the vault has purge protection, so nobody can remove it sooner\)/,
    );
    assert.deepEqual(told({ enableSoftDelete: false }), []);
  });
});
