import assert from "node:assert/strict";
import type { KeyVaultInfo } from "../../components/details";
import {
  describeLostAccess,
  describeLostSecrets,
  type Access,
  type PlannedAccess,
} from "../../components/plan/lost-access";

const TENANT = "11111111-1111-4111-8111-111111111111";
const OTHER_TENANT = "22222222-2222-4222-8222-222222222222";
const OWN = "33333333-3333-4333-8333-333333333333";
const THEIRS = "aaaaaaaa-4444-4444-8444-444444444444";
const SECRET = {
  slot: "a",
  keyId: "x",
  starts: "2026-07-05T00:00:00Z",
  ends: "2027-01-01T00:00:00Z",
  current: true,
} as const;

const LAST: Access = { clientId: OWN, tenantId: TENANT, details: { secrets: [SECRET] } };
const PLAN: PlannedAccess = {
  authentication: "secret",
  existingClientId: undefined,
  tenantId: TENANT,
};

const PASSWORD =
  "authentication is federated now: every secret of the application is removed, and jobs that still use the password will fail. " +
  "Remove HIML_SERVICE_PRINCIPAL_PASSWORD from the pipelines first. With both, either login works.";
const TENANTS =
  `The application of this stack is in tenant ${TENANT}, your login in ${OTHER_TENANT}: an application cannot move. ` +
  "Log in to its tenant, or create another stack for the other tenant (`pulumi stack init`).";
const toTheirs = `The client ID changes from ${OWN} to ${THEIRS}. Jobs that use the old one will fail, and its application is deleted: push the new variables to every pipeline.`;
const toOwn = `The client ID changes from ${THEIRS} to that of a new application. Jobs that use the old one will fail: push the new variables to every pipeline.`;

describe("What jobs lose by an up", () => {
  const withTheirs: Access = {
    ...LAST,
    clientId: THEIRS,
    details: { ...LAST.details, existingClientId: THEIRS },
  };
  const table: [string, Access, Partial<PlannedAccess>, ...string[]][] = [
    ["nothing, if nothing changes", LAST, {}],
    ["nothing yet, with both", LAST, { authentication: "both" }],
    ["the password, with federated", LAST, { authentication: "federated" }, PASSWORD],
    [
      "nothing more, once the password is gone",
      { ...LAST, details: { secrets: [] } },
      { authentication: "federated" },
    ],
    ["everything, in another tenant", LAST, { tenantId: OTHER_TENANT }, TENANTS],
    ["nothing, where the tenant is not known", LAST, { tenantId: "" }],
    ["the client ID, with somebody else's application", LAST, { existingClientId: THEIRS }, toTheirs],
    ["the client ID, with an application of its own again", withTheirs, {}, toOwn],
    ["nothing, with the same one in another case", withTheirs, { existingClientId: THEIRS.toUpperCase() }],
    ["nothing, if somebody else takes the application over", LAST, { existingClientId: OWN }],
  ];
  for (const [what, last, plan, ...losses] of table) {
    it(`is ${what}`, () => assert.deepEqual(describeLostAccess(last, { ...PLAN, ...plan }), losses));
  }

  const VAULT = "/subscriptions/x/resourceGroups/rg-ml/providers/Microsoft.KeyVault/vaults/kv-ml";
  const delivered = (vaultId: string, ...secrets: string[]) => ({ vaultId, secrets });
  const before = delivered(VAULT, "t-ID", "t-PASSWORD");
  const lost = (now: KeyVaultInfo | undefined, last: KeyVaultInfo | undefined = before) =>
    describeLostSecrets(last, now);

  it("is what a Key Vault held, where it holds that no more", () => {
    const both = ["Key Vault kv-ml loses t-ID, t-PASSWORD: jobs that read them there will fail."];
    assert.deepEqual(lost(undefined), both);
    assert.deepEqual(lost(delivered(VAULT.replace("kv-ml", "kv-other"), "t-ID", "t-PASSWORD")), both);
    assert.deepEqual(lost(delivered(VAULT, "u-ID", "u-PASSWORD")), both);
    assert.deepEqual(lost(delivered(VAULT, "t-PASSWORD")), [
      "Key Vault kv-ml loses t-ID: jobs that read it there will fail.",
    ]);
  });

  it("is nothing of a Key Vault that is the same, or that had nothing", () => {
    assert.deepEqual(lost(delivered(VAULT.toUpperCase(), "T-ID", "t-PASSWORD", "more")), []);
    assert.deepEqual(describeLostSecrets(undefined, delivered(VAULT, "t-ID")), []);
    assert.deepEqual(describeLostSecrets(undefined, undefined), []);
  });
});
