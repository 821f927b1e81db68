import { v5 as nameInNamespace } from "uuid";

/**
 * The marks that prove that a resource in Azure belongs to this instance. Everything that writes or
 * looks for a mark uses these functions, so that the two cannot differ.
 */

/** Tag of every application and principal that this program makes. */
export const PROGRAM_TAG = "himl-service-principal";

const INSTANCE_TAG_PREFIX = "himl-instance:";

/** Tag of the application of one instance, and of a principal that it made for somebody else's application. */
export function instanceTag(instanceId: string): string {
  return `${INSTANCE_TAG_PREFIX}${instanceId}`;
}

/** The instance in these tags, if any. */
export function instanceOf(tags: readonly string[] | undefined): string | undefined {
  return tags
    ?.find((tag) => tag.startsWith(INSTANCE_TAG_PREFIX))
    ?.slice(INSTANCE_TAG_PREFIX.length)
    .toLowerCase();
}

/** End of the description of an application, unless the program sets another one. */
export function managedBy({ project, stack }: { project: string; stack: string }): string {
  return `Managed by Pulumi: project ${project}, stack ${stack}.`;
}

/** Whether a description says that a stack of this name made the application; another clone may have one of that name. */
export function isManagedBy(description: string, name: { project: string; stack: string }): boolean {
  return description.endsWith(managedBy(name));
}

/** Display name of the secret in a slot. */
export function secretDisplayName(instanceId: string, slot: "a" | "b"): string {
  return `slot ${slot} (himl ${instanceId})`;
}

/** Description of a trust: the only place for a mark that Entra offers, besides the name. */
export function trustDescription(instanceId: string): string {
  return `himl ${instanceId}`;
}

/** Tags of a secret in a Key Vault, which people read there. */
export function vaultSecretTags(of: {
  instanceId: string;
  project: string;
  stack: string;
  variable: string;
  slot?: "a" | "b";
}): Record<string, string> {
  return {
    "managed-by": PROGRAM_TAG,
    [VAULT_INSTANCE_TAG]: of.instanceId,
    "himl-stack": `${of.project}/${of.stack}`,
    "himl-variable": of.variable,
    ...(of.slot && { "himl-slot": of.slot }),
  };
}

/** The instance that these tags of a secret in a Key Vault name, if any. */
export function instanceOfVaultSecret(tags: Readonly<Record<string, string>> = {}): string | undefined {
  return tags[VAULT_INSTANCE_TAG]?.toLowerCase();
}

const VAULT_INSTANCE_TAG = "himl-instance";

/** The parts of an assignment's name. Letter case and a slash at the end of the scope do not matter. */
export interface AssignmentKey {
  instanceId: string;
  /** Resource ID. */
  scope: string;
  principalId: string;
  /** GUID of the role definition, or its resource ID. */
  roleId: string;
}

/**
 * Name of a role assignment: the same for the same principal, role and scope, so that the way back from a change is no
 * change, and in no two instances the same, so that two stacks on one application never meet in a name.
 */
export function assignmentName({ instanceId, scope, principalId, roleId }: AssignmentKey): string {
  const role = roleId.slice(roleId.lastIndexOf("/") + 1);
  const place = scope.replace(/\/+$/, "");
  // JSON can contain half of a surrogate pair, which cannot be hashed.
  const key = `${principalId}|${role}|${place}`.toLowerCase().replace(/\p{Cs}/gu, "\ufffd");
  return nameInNamespace(key, instanceId);
}
