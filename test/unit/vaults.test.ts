import assert from "node:assert/strict";
import fc from "fast-check";
import { planPrincipal } from "../../components/plan/plan";
import {
  canonicalVault,
  defaultSecretPrefix,
  LONGEST_PREFIX,
  locateVault,
  nameVaultSecrets,
  vaultIdOf,
} from "../../components/plan/vaults";

const SUBSCRIPTION = "22222222-2222-4222-8222-222222222222";
const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-safe/providers/microsoft.keyvault/vaults/kv-ml`;
const WORKSPACE = { subscriptionId: SUBSCRIPTION, resourceGroupName: "RG-ml", workspaceName: "ws-ml" };

describe("A Key Vault", () => {
  it("has one spelling, however its name or its resource ID is written", () => {
    const same: [string, string][] = [
      ["kv-ml", "kv-ml"],
      [" KV-ML ", "kv-ml"],
      ["Workspace", "workspace"],
      [ID, ID],
      [`${ID.toUpperCase()}/`, ID],
      [`${ID.slice(1)}//`, ID],
      [ID.replace("microsoft.keyvault", "Microsoft.KeyVault"), ID],
      [`https://portal.azure.com/#@contoso.com/resource${ID}/secrets`, ID],
    ];
    for (const [text, canonical] of same) assert.equal(canonicalVault(text), canonical, text);
  });

  it("is none where the text is that of something else, or of a name that no vault can have", () => {
    const none = [
      "",
      "kv",
      "1kv",
      "kv-",
      "kv--ml",
      "kv_ml",
      "k".repeat(25),
      "https://kv-ml.vault.azure.net/",
      "kv-ml.vault.azure.net",
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-safe`,
      ID.replace("microsoft.keyvault/vaults", "microsoft.storage/storageaccounts"),
      ID.replace("kv-ml", "kv_ml"),
      `${ID}/secrets/password`,
      ID.replace(SUBSCRIPTION, "mine"),
    ];
    for (const text of none) assert.equal(canonicalVault(text), undefined, text);
  });

  it("lies in the resource group of the workspace where only its name is given", () => {
    const located = locateVault("kv-ml", WORKSPACE)!;
    assert.equal(
      vaultIdOf(located),
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml/providers/Microsoft.KeyVault/vaults/kv-ml`,
    );
    assert.equal(locateVault(ID, WORKSPACE)!.resourceGroupName, "rg-safe");
  });

  it("of the workspace is the one that Azure names, which may be in another resource group", () => {
    const keyVaultId = ID.replace("rg-safe", "RG-Other");
    assert.deepEqual(locateVault("workspace", { ...WORKSPACE, keyVaultId }), {
      subscriptionId: SUBSCRIPTION,
      resourceGroupName: "rg-other",
      vaultName: "kv-ml",
    });
    for (const told of [undefined, "", "nothing"])
      assert.equal(
        locateVault("workspace", { ...WORKSPACE, ...(told !== undefined && { keyVaultId: told }) }),
        undefined,
      );
  });
});

describe("The names of the secrets in a Key Vault", () => {
  const owner = { project: "himl-service-principal", stack: "dev", component: "himl" };
  const delivery = { password: true, otherVariables: true, prefix: undefined };
  const name = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.constantFrom("dev", "Dev", "d-ev"),
  );

  it("show the stack and the variable", () => {
    assert.deepEqual(
      nameVaultSecrets(owner, delivery).map(({ secretName }) => secretName),
      [
        "dev-fc1a8e64-HIML-SERVICE-PRINCIPAL-PASSWORD",
        "dev-fc1a8e64-HIML-SERVICE-PRINCIPAL-ID",
        "dev-fc1a8e64-HIML-TENANT-ID",
        "dev-fc1a8e64-HIML-SUBSCRIPTION-ID",
        "dev-fc1a8e64-HIML-RESOURCE-GROUP",
        "dev-fc1a8e64-HIML-WORKSPACE-NAME",
      ],
    );
    assert.deepEqual(nameVaultSecrets(owner, { ...delivery, otherVariables: false, prefix: "training" }), [
      { variable: "HIML_SERVICE_PRINCIPAL_PASSWORD", secretName: "training-HIML-SERVICE-PRINCIPAL-PASSWORD" },
    ]);
    assert.equal(nameVaultSecrets(owner, { ...delivery, password: false }).length, 5);
  });

  it("are the same in whatever letter case the prefix is given", () => {
    const prefixOf = (secretPrefix: string) =>
      planPrincipal({
        workspaceName: "ws-ml",
        resourceGroupName: "rg-ml",
        keyVault: { vault: "kv-ml", secretPrefix },
      }).plan?.delivery?.prefix;
    for (const text of ["training", "Training", "TRAINING"]) assert.equal(prefixOf(text), "training");
  });

  it("are such as Key Vault takes, whatever the names of project, stack and component are", () => {
    fc.assert(
      fc.property(name, name, name, (project, stack, component) => {
        for (const { secretName } of nameVaultSecrets({ project, stack, component }, delivery))
          assert.match(secretName, /^[0-9A-Za-z-]{1,127}$/);
        assert.ok(defaultSecretPrefix(project, stack, component).length <= LONGEST_PREFIX);
      }),
    );
  });

  it("never meet in one vault, which takes no notice of case, if any of the three names differs", () => {
    const identity = fc.tuple(name, name, name);
    fc.assert(
      fc.property(identity, identity, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        assert.notEqual(
          defaultSecretPrefix(...one).toLowerCase(),
          defaultSecretPrefix(...other).toLowerCase(),
        );
      }),
    );
    const prefixes = [
      ["p", "a.b", "himl"],
      ["p", "a_b", "himl"],
      ["p", "a-b", "himl"],
      ["p", "A-B", "himl"],
      ["p-a", "b", "himl"],
      ["p", "a", "b-himl"],
      ["p", `${"s".repeat(100)}1`, "himl"],
      ["p", `${"s".repeat(100)}2`, "himl"],
      ["p", "机器", "himl"],
      ["p", "学习", "himl"],
    ].map(([project, stack, component]) => defaultSecretPrefix(project!, stack!, component!).toLowerCase());
    assert.equal(new Set(prefixes).size, prefixes.length);
  });
});
