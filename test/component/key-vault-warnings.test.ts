import assert from "node:assert/strict";
import { isOfWorkspace } from "../../components/look-ups/vault";
import { SUBSCRIPTION } from "./recorder";

describe("The vault of the workspace, in which whoever may run a job can read the password", () => {
  const location = { subscriptionId: SUBSCRIPTION, resourceGroupName: "rg-ml", vaultName: "kv-ml" };
  const workspace = { subscriptionId: SUBSCRIPTION, resourceGroupName: "rg-ml", workspaceName: "ws-ml" };
  const keyVaultId = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml/providers/Microsoft.KeyVault/vaults/KV-ml`;

  it("is recognized, however it was named", () => {
    for (const vault of ["workspace", "kv-ml", keyVaultId.toLowerCase()])
      assert.ok(isOfWorkspace(location, { vault, workspace: { ...workspace, keyVaultId } }), vault);
    assert.ok(!isOfWorkspace(location, { vault: "kv-ml", workspace }));
  });
});
