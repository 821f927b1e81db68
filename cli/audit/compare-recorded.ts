import { command } from "../../components/plan/commands";
import { formatLocalTime } from "../terminal/durations";
import { type Comparison, hasOwnTag, type Pair, pairsOf } from "./comparison";
import { isSameId } from "./record";
import { nameOfRole } from "./compare-unmanaged";
import type { AzureAnswers } from "./read-azure";
import { createFinding, type Finding, type RepairAction } from "./findings";
import type { Recorded, RecordedRole, RecordedSecret, RecordedTrust } from "./record";

const REPAIR = "`himl-sp repair`";

/** What the stack records, and Azure does not have or has with other values. */
export function compareRecorded(comparison: Comparison): Finding[] {
  return pairsOf(comparison).flatMap((pair) => {
    const roles = pair.instance.roles.flatMap((role) => compareRole(role, comparison.answers));
    const { application } = pair;
    if (application === undefined) return roles;
    if (pair.answers.application === null)
      return [describeMissingApplication(pair, comparison.answers), ...roles];
    return [
      ...compareApplication(pair),
      ...comparePrincipal(pair),
      ...pair.instance.secrets.flatMap((secret) => compareSecret(secret, pair, comparison.now)),
      ...pair.instance.trusts.flatMap((trust) => compareTrust(trust, pair)),
      ...roles,
    ];
  });
}

function describeMissingApplication({ instance, application }: Pair, answers: AzureAnswers): Finding {
  const { displayName, clientId, objectId } = application!;
  const deleted = answers.deletedApplications?.find((item) => isSameId(item.objectId, objectId));
  const gone = [...instance.applications, ...instance.principals, ...instance.secrets, ...instance.trusts];
  return createFinding(
    "APPLICATION_MISSING",
    `application ${displayName} (client ID ${clientId})`,
    deleted === undefined
      ? "It does not exist in Azure, nor do its principal, secrets and trusts: nobody can log in."
      : `It was deleted ${formatLocalTime(deleted.deleted)}, and is in the recycle bin: nobody can log in.`,
    application!.isExternal
      ? "Ask its owner; then set existingClientId to an application that exists."
      : `${REPAIR} creates a new one, with a new client ID: push the variables afterwards.`,
    ...refreshUnlessExternal(application!, gone),
  );
}

function compareApplication({ application, answers, instance }: Pair): Finding[] {
  const found = answers.application;
  if (!found || application!.isExternal) return [];
  const changes: string[] = [];
  if (instance.instanceId !== undefined && !hasOwnTag(found.tags, [instance.instanceId.toLowerCase()])) {
    changes.push(`it has lost the tag that marks it as this stack's`);
  }
  if (!isSame(found.displayName, application!.displayName, "exactly")) {
    changes.push(`its name is ${found.displayName}, not ${application!.displayName}`);
  }
  const owners = answers.applicationOwners;
  const lost = owners && application!.owners?.filter((id) => !owners.some((owner) => isSameId(owner.id, id)));
  if (lost && lost.length > 0)
    changes.push(`${lost.join(", ")} no longer own${lost.length > 1 ? "" : "s"} it`);
  if (changes.length === 0) return [];
  return [
    createFinding(
      "APPLICATION_CHANGED",
      `application ${application!.displayName}`,
      `Somebody changed it: ${changes.join("; ")}.`,
      `${REPAIR} restores what the stack declares.`,
      refresh(application!),
    ),
  ];
}

function comparePrincipal({ application, principal, answers }: Pair): Finding[] {
  const found = answers.principal;
  if (found === undefined) return [];
  const what = `principal of ${application!.displayName}`;
  if (principal === undefined) {
    if (found === null) return [];
    return [
      createFinding(
        "PRINCIPAL_NOT_RECORDED",
        `${what} (object ID ${found.objectId})`,
        "It exists, but the stack does not record it.",
        application!.isExternal ? "`pulumi up` uses it." : "`pulumi up` takes it over.",
        { kind: "up" },
      ),
    ];
  }
  if (found === null || !isSameId(found.objectId, principal.objectId)) {
    return [
      createFinding(
        "PRINCIPAL_MISSING",
        `${what} (object ID ${principal.objectId})`,
        found === null
          ? "It does not exist in Azure: nobody can log in."
          : `Azure has another one, with the object ID ${found.objectId}: it has none of the roles.`,
        `${REPAIR} creates it again, with its roles.`,
        ...refreshUnlessExternal(principal, [principal]),
      ),
    ];
  }
  if (found.isEnabled) return [];
  return [
    createFinding(
      "PRINCIPAL_CHANGED",
      what,
      "Somebody disabled it: nobody can log in.",
      `If it should not stay disabled: ${command`az ad sp update --id ${found.objectId} --set accountEnabled=true`}`,
    ),
  ];
}

function compareSecret(secret: RecordedSecret, { application, answers }: Pair, now: Date): Finding[] {
  if (!answers.application || !isSameId(secret.applicationId, application!.objectId)) return [];
  const what = `secret ${secret.displayName} of ${application!.displayName} (key ID ${secret.keyId})`;
  const found = answers.application.secrets.find(({ keyId }) => isSameId(keyId, secret.keyId));
  if (found === undefined) {
    return [
      createFinding(
        "SECRET_MISSING",
        what,
        secret.waitsForDeletion
          ? "The stack wanted to remove it, and it is gone already. The state still records it, so the next removal would fail."
          : "Somebody removed it: jobs that use it cannot log in.",
        secret.waitsForDeletion ? REPAIR : `${REPAIR} creates a new one: push the variables afterwards.`,
        refresh(secret),
      ),
    ];
  }
  if (secret.waitsForDeletion) return [];
  if (secret.ends !== "" && new Date(secret.ends).getTime() !== new Date(found.ends).getTime()) {
    return [
      createFinding(
        "SECRET_CHANGED",
        what,
        `It ends ${formatLocalTime(found.ends)}, not ${formatLocalTime(secret.ends)}.`,
        `${REPAIR} replaces it: push the variables afterwards.`,
        refresh(secret),
      ),
    ];
  }
  if (new Date(found.ends) > now) return [];
  return [
    createFinding(
      "SECRET_EXPIRED",
      what,
      `It ended ${formatLocalTime(found.ends)}: jobs that use it cannot log in.`,
      "`pulumi up` creates a new one: push the variables afterwards.",
      { kind: "up" },
    ),
  ];
}

function compareTrust(trust: RecordedTrust, { application, answers }: Pair): Finding[] {
  if (answers.trusts === undefined || !isSameId(trust.applicationId, application!.objectId)) return [];
  const what = `trust in ${trust.matches} of ${trust.issuer}`;
  const found = answers.trusts.find(({ id }) => isSameId(id, trust.id));
  if (found === undefined) {
    return [
      createFinding(
        "TRUST_MISSING",
        what,
        trust.waitsForDeletion
          ? "The stack wanted to remove it, and it is gone already. The state still records it, so the next removal would fail."
          : "Somebody removed it: these jobs cannot log in.",
        REPAIR,
        refresh(trust),
      ),
    ];
  }
  const audiences = (list: readonly string[]) => [...list].sort().join(" ");
  const isUnchanged =
    isSame(found.issuer, trust.issuer, "exactly") &&
    isSame(found.matches, trust.matches, "exactly") &&
    isSame(audiences(found.audiences), audiences(trust.audiences), "exactly");
  if (isUnchanged || trust.waitsForDeletion) return [];
  return [
    createFinding(
      "TRUST_CHANGED",
      what,
      `Somebody changed it: jobs with ${found.matches} of ${found.issuer} (audience ${found.audiences.join(", ")}) can log in instead.`,
      `${REPAIR} restores what the stack declares.`,
      refresh(trust),
    ),
  ];
}

function compareRole(role: RecordedRole, answers: AzureAnswers): Finding[] {
  if (answers.roles === undefined) return [];
  const what = `role ${nameOfRole(role)} on ${role.scope || role.id}`;
  const found = answers.roles.find(({ id }) => isSameId(id, role.id));
  if (found === undefined) {
    return [
      createFinding(
        "ROLE_MISSING",
        what,
        role.waitsForDeletion
          ? "The stack wanted to remove it, and it is gone already."
          : "Somebody removed it: jobs get 403 there.",
        REPAIR,
        refresh(role),
      ),
    ];
  }
  if (isSame(found.principalId, role.principalId) && isSame(found.roleId, role.roleId)) return [];
  return [
    createFinding(
      "ROLE_CHANGED",
      what,
      `It is role ${nameOfRole(found)} of the principal ${found.principalId} now.`,
      REPAIR,
      refresh(role),
    ),
  ];
}

/** Values that the state encrypts, because a setting is secret, were not read and are not compared. */
function isSame(found: string, recorded: string, how: "exactly" | "in any case" = "in any case"): boolean {
  return recorded === "" || (how === "exactly" ? found === recorded : isSameId(found, recorded));
}

function refresh(...resources: Recorded[]): RepairAction {
  return { kind: "refresh", urns: [...new Set(resources.map(({ urn }) => urn))] };
}

/** The stack cannot create again what belongs to somebody else. */
function refreshUnlessExternal(one: Recorded, resources: Recorded[]): [] | [RepairAction] {
  return one.isExternal ? [] : [refresh(...resources)];
}
