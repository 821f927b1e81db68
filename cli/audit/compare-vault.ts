import { command } from "../../components/plan/commands";
import { secretDisplayName } from "../../components/plan/ownership";
import type { Comparison } from "./comparison";
import type { VaultSecret } from "../azure/types";
import { createFinding, type Finding } from "./findings";
import type { RecordedInstance, RecordedVaultSecret, StackRecord } from "./record";
import { formatLocalTime } from "../terminal/durations";

/** What the stack has written into a Key Vault, and is not there, or otherwise. */
export function compareVaultSecrets({ record, answers }: Comparison): Finding[] {
  return record.instances.flatMap((instance) =>
    instance.vaultSecrets.flatMap((secret): Finding[] => {
      const found = answers.vaultSecrets.get(secret.id);
      if (secret.waitsForDeletion || found === undefined) return [];
      const [, vault, name] = /\/vaults\/([^/]+)\/secrets\/([^/]+)$/i.exec(secret.id) ?? [];
      const what = `secret ${name} in Key Vault ${vault}`;
      const refresh = { kind: "refresh" as const, urns: [secret.urn] };
      if (found === null) {
        return [
          createFinding(
            "VAULT_SECRET_MISSING",
            what,
            "Somebody deleted it: jobs that read it there fail.",
            "`himl-sp repair` writes it again.",
            refresh,
          ),
        ];
      }
      const isWritten = isWrittenSince(secret, found, record);
      const changes = listChanges(secret, found, instance, isWritten);
      if (changes.length > 0) {
        return [
          createFinding(
            "VAULT_SECRET_CHANGED",
            what,
            `Somebody changed it: ${changes.join("; ")}.`,
            "`himl-sp repair` writes what the stack declares.",
            refresh,
          ),
        ];
      }
      if (!isWritten) return [];
      return [
        createFinding(
          "VAULT_SECRET_CHANGED",
          what,
          `Somebody wrote to it ${formatLocalTime(found.updated!.toISOString())}, after the stack did. Jobs that read it there may get another value.`,
          // A refresh would take that version for the stack's own.
          `${command`az keyvault secret delete --vault-name ${vault} --name ${name}`}, then \`himl-sp repair\`.`,
        ),
      ];
    }),
  );
}

function listChanges(
  { tags }: RecordedVaultSecret,
  found: VaultSecret,
  { instanceId, secrets }: RecordedInstance,
  isWritten: boolean,
): string[] {
  const slot = tags["himl-slot"];
  const isOfSlot = ({ displayName }: { displayName: string }) =>
    (slot === "a" || slot === "b") && displayName === secretDisplayName(instanceId ?? "", slot);
  const ends = secrets.find((one) => !one.waitsForDeletion && isOfSlot(one))?.ends;
  const lost = Object.entries(tags).filter(([name, value]) => found.tags[name] !== value);
  return [
    ...(found.isEnabled ? [] : ["it is disabled, so that no job can read it"]),
    // Not by itself: a transform may have given it another end.
    ...(ends && (isWritten || lost.length > 0) && found.ends?.getTime() !== new Date(ends).getTime()
      ? [
          `it ends ${found.ends ? formatLocalTime(found.ends.toISOString()) : "never"}, not ${formatLocalTime(ends)}`,
        ]
      : []),
    ...(lost.length > 0 ? [`it has lost ${lost.map(([name]) => name).join(", ")}`] : []),
  ];
}

/** Clocks differ. */
const MARGIN_MS = 5 * 60_000;

function isWrittenSince(
  { urn }: RecordedVaultSecret,
  { updated }: VaultSecret,
  record: StackRecord,
): boolean {
  const changed = record.changed.get(urn);
  return changed !== undefined && updated !== undefined && updated.getTime() > changed + MARGIN_MS;
}
