import { command } from "../../components/plan/commands";
import { instanceOf, isManagedBy } from "../../components/plan/ownership";
import { formatLocalTime } from "../terminal/durations";
import {
  type Comparison,
  hasOwnAssignmentName,
  hasOwnDescription,
  hasOwnName,
  hasOwnTag,
  pairsOf,
  recordedIds,
} from "./comparison";
import { isSameId } from "./record";
import { nameOfRole } from "./compare-unmanaged";
import type { Credential } from "../azure/types";
import { createFinding, type Finding } from "./findings";

const REPAIR = "`himl-sp repair` removes it.";

/**
 * What provably belongs to this stack and is not recorded: it has the stack's instance ID in a place that only this program
 * writes. `repair` removes that and nothing else. What may belong to another stack is only listed.
 */
export function compareOrphans(comparison: Comparison): Finding[] {
  return [
    ...orphanParts(comparison),
    ...orphanRoles(comparison),
    ...orphanApplications(comparison),
    ...orphanPrincipals(comparison),
    ...deletedApplications(comparison),
  ];
}

/** Secrets and trusts on applications that are recorded. */
function orphanParts(comparison: Comparison): Finding[] {
  const { ownIds, record } = comparison;
  const recorded = recordedIds(record);
  const seen = new Set<string>();
  return pairsOf(comparison).flatMap(({ application, answers }) => {
    // Two components may share one application.
    if (application === undefined || seen.has(application.objectId)) return [];
    seen.add(application.objectId);
    const secrets = (answers.application?.secrets ?? []).filter(
      (secret) => !recorded.secrets.has(secret.keyId.toLowerCase()) && hasOwnName(secret, ownIds),
    );
    const trusts = (answers.trusts ?? []).filter(
      (trust) => !recorded.trusts.has(trust.id.toLowerCase()) && hasOwnDescription(trust, ownIds),
    );
    return [
      ...secrets.map(({ keyId, displayName, ends }) =>
        createFinding(
          "ORPHAN_SECRET",
          `secret ${displayName} of ${application.displayName} (key ID ${keyId})`,
          `A run of this stack created it, but its text is lost, so no job should have it. It is valid until ${formatLocalTime(ends)}.`,
          REPAIR,
          { kind: "removeSecret", applicationId: application.objectId, keyId },
        ),
      ),
      ...trusts.map(({ id, name, matches, issuer }) =>
        createFinding(
          "ORPHAN_TRUST",
          `trust ${name} of ${application.displayName}`,
          `A run of this stack created it, but the state does not record it. Jobs with ${matches} of ${issuer} can log in.`,
          REPAIR,
          { kind: "removeTrust", applicationId: application.objectId, id },
        ),
      ),
    ];
  });
}

function orphanRoles({ answers, ownIds, record }: Comparison): Finding[] {
  const recorded = recordedIds(record).roles;
  return (answers.roles ?? [])
    .filter((role) => !recorded.has(role.id.toLowerCase()) && hasOwnAssignmentName(role, ownIds))
    .map((role) =>
      createFinding(
        "ORPHAN_ROLE",
        `role ${nameOfRole(role)} on ${role.scope}`,
        `A run of this stack gave it to the principal ${role.principalId}, but the state does not record it.`,
        REPAIR,
        { kind: "removeRole", id: role.id },
      ),
    );
}

function orphanApplications({ answers, ownIds, record, stack, now }: Comparison): Finding[] {
  const recorded = recordedIds(record).applications;
  return (answers.taggedApplications ?? [])
    .filter(({ objectId }) => !recorded.has(objectId.toLowerCase()))
    .map(({ objectId, clientId, displayName, description, created, tags, secrets }) => {
      const what = `application ${displayName} (client ID ${clientId}), created ${formatLocalTime(created)}`;
      if (hasOwnTag(tags, ownIds)) {
        return createFinding(
          "ORPHAN_APPLICATION",
          what,
          `A run of this stack created it, but the state does not record it: no pipeline has its client ID. ${countValid("secret", secrets, now)}`,
          REPAIR,
          { kind: "removeApplication", id: objectId },
        );
      }
      const instance = instanceOf(tags);
      if (instance !== undefined && stack !== undefined && isManagedBy(description, stack)) {
        return createFinding(
          "FORMER_INSTANCE",
          what,
          `It is of the instance ${instance}, and is named as this stack's: project ${stack.project}, stack ${stack.stack}. Either this stack made it before a \`pulumi destroy\`, or one of the same name in another clone has it.`,
          `If no stack records it: ${command`himl-sp repair --instance ${instance}`} removes it.`,
        );
      }
      return createFinding(
        "OTHER_INSTANCE",
        what,
        instance === undefined
          ? "It has the tag of this program, but no instance ID."
          : `It is of the instance ${instance}, perhaps of a stack elsewhere.`,
        `If no stack records it: ${command`az ad app delete --id ${clientId}`}`,
      );
    });
}

/** Principals that a stack made for somebody else's application. Its own is removed with the application. */
function orphanPrincipals({ answers, ownIds, record }: Comparison): Finding[] {
  const recorded = recordedIds(record);
  const ours = new Set((answers.taggedApplications ?? []).map(({ clientId }) => clientId.toLowerCase()));
  return (answers.taggedPrincipals ?? [])
    .filter(
      ({ objectId, clientId, tags }) =>
        !recorded.principals.has(objectId.toLowerCase()) &&
        !ours.has(clientId.toLowerCase()) &&
        hasOwnTag(tags, ownIds),
    )
    .map(({ objectId, displayName }) =>
      createFinding(
        "ORPHAN_PRINCIPAL",
        `principal of ${displayName} (object ID ${objectId})`,
        "A run of this stack created it for somebody else's application, but the state does not record it.",
        REPAIR,
        { kind: "removePrincipal", id: objectId },
      ),
    );
}

function deletedApplications({ answers, ownIds, now }: Comparison): Finding[] {
  return (answers.deletedApplications ?? [])
    .filter(({ tags }) => hasOwnTag(tags, ownIds))
    .map(({ objectId, clientId, displayName, deleted, secrets, certificates }) => {
      const principals = (answers.deletedPrincipals ?? []).filter((one) => isSameId(one.clientId, clientId));
      // Azure keeps the assignments of a principal that is gone.
      const roles = (answers.roles ?? []).filter((role) =>
        principals.some((one) => isSameId(one.objectId, role.principalId)),
      );
      return createFinding(
        "DELETED_APPLICATION",
        `application ${displayName} in the recycle bin since ${formatLocalTime(deleted)}`,
        [
          "An administrator can restore it for 30 days, with its trusts, and its principal.",
          countValid("secret", secrets, now),
          ...(certificates.length > 0 ? [countValid("certificate", certificates, now)] : []),
          ...(roles.length > 0
            ? [
                `The principal would have its roles again: ${roles.map((role) => `${nameOfRole(role)} on ${role.scope}`).join(", ")}.`,
              ]
            : []),
        ].join(" "),
        "`himl-sp repair --purge` deletes it permanently. That cannot be undone.",
        // The application last: only by it are its principals known to be ours.
        { kind: "purge", ids: [...principals.map((one) => one.objectId), objectId] },
      );
    });
}

function countValid(what: "secret" | "certificate", credentials: readonly Credential[], now: Date): string {
  const valid = credentials.filter(({ ends }) => new Date(ends) > now).length;
  if (valid === 0) return `It has no valid ${what}.`;
  return valid === 1 ? `It has one valid ${what}.` : `It has ${valid} valid ${what}s.`;
}
