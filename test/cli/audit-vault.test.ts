import { formatLocalTime } from "../../cli/terminal/durations";
import { TYPES, type Deployment } from "../../cli/audit/deployment";
import type { VaultSecret } from "../../cli/azure/types";
import {
  type Case,
  createDeployment,
  GROUP,
  IDS,
  NOW,
  PARENT,
  SOON,
  STRANGE,
  testCases,
  urnOf,
} from "./audit-fixture";

const ID = `${GROUP}/providers/Microsoft.KeyVault/vaults/kv-ml/secrets/dev-PASSWORD`;
const URN = urnOf(TYPES.vaultSecret, "himl-key-vault-PASSWORD");
const TAGS = { "himl-instance": IDS.instance, "himl-slot": "a" };
const WRITTEN = new Date(NOW.getTime() - 3_600_000);

/** As the engine records it: what is in the secret is encrypted as a whole, since its value is a secret. */
function withVaultSecret(waitsForDeletion = false): Deployment {
  const properties = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
  const secret = {
    urn: URN,
    type: TYPES.vaultSecret,
    id: ID,
    parent: PARENT,
    delete: waitsForDeletion,
    modified: WRITTEN.toISOString(),
    outputs: { properties, tags: TAGS },
  };
  return { resources: [...createDeployment().resources!, secret] };
}

const found = (more: Partial<VaultSecret> = {}) => ({
  vaultSecrets: new Map([
    [ID, { isEnabled: true, ends: new Date(SOON), updated: WRITTEN, tags: { ...TAGS, team: "ml" }, ...more }],
  ]),
});
const refresh = { kind: "refresh", urns: [URN] } as const;
const changed = (detail: string) =>
  [{ code: "VAULT_SECRET_CHANGED", level: "broken", detail, action: refresh }] as const;

const CASES: Case[] = [
  ["as the stack wrote it", { deployment: withVaultSecret(), answers: found() }, []],
  ["it could not be read", { deployment: withVaultSecret() }, []],
  [
    "it was deleted",
    { deployment: withVaultSecret(), answers: { vaultSecrets: new Map([[ID, null]]) } },
    [
      {
        code: "VAULT_SECRET_MISSING",
        level: "broken",
        what: "secret dev-PASSWORD in Key Vault kv-ml",
        action: refresh,
      },
    ],
  ],
  [
    "one that the next run deletes is gone already",
    { deployment: withVaultSecret(true), answers: { vaultSecrets: new Map([[ID, null]]) } },
    [{ code: "REPLACED_NOT_DELETED", action: { kind: "up" } }],
  ],
  [
    "it was disabled",
    { deployment: withVaultSecret(), answers: found({ isEnabled: false }) },
    [...changed("Somebody changed it: it is disabled, so that no job can read it.")],
  ],
  [
    "it was written over by hand, and so has neither tags nor an end",
    { deployment: withVaultSecret(), answers: found({ tags: {}, ends: undefined, updated: NOW }) },
    [
      ...changed(
        `Somebody changed it: it ends never, not ${formatLocalTime(SOON)}; it has lost himl-instance, himl-slot.`,
      ),
    ],
  ],
  [
    "it got another end since",
    { deployment: withVaultSecret(), answers: found({ ends: NOW, updated: NOW }) },
    [...changed(`Somebody changed it: it ends ${formatLocalTime(NOW)}, not ${formatLocalTime(SOON)}.`)],
  ],
  [
    "a transform left its end out",
    { deployment: withVaultSecret(), answers: found({ ends: undefined }) },
    [],
  ],
  [
    "it is another instance's now",
    { deployment: withVaultSecret(), answers: found({ tags: { ...TAGS, "himl-instance": STRANGE } }) },
    [...changed("Somebody changed it: it has lost himl-instance.")],
  ],
  [
    "it was written to since, with everything as it was but perhaps the value: a refresh would see nothing",
    { deployment: withVaultSecret(), answers: found({ updated: new Date(WRITTEN.getTime() + 301_000) }) },
    [
      {
        code: "VAULT_SECRET_CHANGED",
        remedy: "`az keyvault secret delete --vault-name kv-ml --name dev-PASSWORD`, then `himl-sp repair`.",
        action: undefined,
      },
    ],
  ],
  [
    "another clock is no change",
    { deployment: withVaultSecret(), answers: found({ updated: new Date(WRITTEN.getTime() + 299_000) }) },
    [],
  ],
];

describe("audit: what the stack delivered to a Key Vault", () => testCases(CASES));
