import { isPrivileged, type Permission } from "../../components/plan/permissions";

// What Microsoft Graph and Azure Resource Manager answer, as far as it is read, in the words of this command: the state of a
// stack is read into the same types (cli/audit/record.ts).

/** A secret or a certificate, without its text. */
export interface Credential {
  readonly keyId: string;
  readonly displayName: string | null;
  readonly ends: string;
}

export interface Application {
  readonly objectId: string;
  readonly clientId: string;
  readonly displayName: string;
  readonly description: string;
  readonly created: string;
  /** Of one in the recycle bin. */
  readonly deleted: string;
  readonly tags: readonly string[];
  readonly secrets: readonly Credential[];
  readonly certificates: readonly Credential[];
}

export interface Principal extends Pick<
  Application,
  "objectId" | "clientId" | "displayName" | "tags" | "secrets" | "certificates"
> {
  readonly isEnabled: boolean;
}

export interface Trust {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  /** The subject, or the expression over the claims of a flexible trust. */
  readonly matches: string;
  readonly audiences: readonly string[];
  readonly description: string | null;
}

export interface Role {
  /** Resource ID of the assignment. */
  readonly id: string;
  /** The assignment's own name, a GUID. */
  readonly name: string;
  readonly scope: string;
  readonly principalId: string;
  /** GUID of the role's definition. */
  readonly roleId: string;
  /** Where Azure was asked for it. */
  readonly roleName?: string;
  /** Whether its holder can give itself every other role. Undefined where nobody knows. */
  readonly isPrivileged?: boolean;
}

/** A user, group, directory role or principal. */
export interface DirectoryObject {
  readonly id: string;
  /** `user`, `group`, `directoryRole`, `servicePrincipal`, … */
  readonly type: string;
  readonly displayName: string;
}

/** A group or directory role of a principal, direct or through another group. */
export interface Membership extends DirectoryObject {
  readonly isDirect: boolean;
}

/** An application permission, which works without a user. */
export interface AppRole {
  readonly id: string;
  readonly resourceName: string;
  /** `Mail.Read`, …: the GUID where it could not be looked up. */
  readonly permission: string;
}

/** A delegated permission, to act for users. */
export interface Delegation {
  readonly id: string;
  readonly scope: string;
  readonly isForAll: boolean;
}

/** A secret in a Key Vault, without what it is. */
export interface VaultSecret {
  readonly isEnabled: boolean;
  readonly ends: Date | undefined;
  readonly updated: Date | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

interface GraphCredential {
  keyId: string;
  displayName?: string | null;
  endDateTime: string;
  /** Of certificates. */
  usage?: string;
}

/** An application or a principal, as Microsoft Graph answers. */
export interface GraphApplication {
  id: string;
  appId: string;
  displayName?: string | null;
  description?: string | null;
  createdDateTime?: string | null;
  deletedDateTime?: string | null;
  accountEnabled?: boolean | null;
  tags?: string[];
  passwordCredentials?: GraphCredential[];
  keyCredentials?: GraphCredential[];
}

export function readApplication(answer: GraphApplication): Application {
  const readCredential = ({ keyId, displayName, endDateTime }: GraphCredential): Credential => ({
    keyId,
    displayName: displayName ?? null,
    ends: endDateTime,
  });
  return {
    objectId: answer.id,
    clientId: answer.appId,
    displayName: answer.displayName ?? "",
    description: answer.description ?? "",
    created: answer.createdDateTime ?? "",
    deleted: answer.deletedDateTime ?? "",
    tags: answer.tags ?? [],
    secrets: (answer.passwordCredentials ?? []).map(readCredential),
    // With the usage Sign, a certificate signs what the application sends out: nobody logs in with it.
    certificates: (answer.keyCredentials ?? []).filter(({ usage }) => usage !== "Sign").map(readCredential),
  };
}

export function readPrincipal(answer: GraphApplication): Principal {
  return { ...readApplication(answer), isEnabled: answer.accountEnabled ?? true };
}

export interface GraphTrust {
  id: string;
  name: string;
  issuer: string;
  subject?: string | null;
  claimsMatchingExpression?: { value: string } | null;
  audiences?: string[];
  description?: string | null;
}

export function readTrust(answer: GraphTrust): Trust {
  return {
    id: answer.id,
    name: answer.name,
    issuer: answer.issuer,
    matches: answer.subject ?? answer.claimsMatchingExpression?.value ?? "",
    audiences: answer.audiences ?? [],
    description: answer.description ?? null,
  };
}

export interface GraphObject {
  id: string;
  "@odata.type"?: string;
  displayName?: string | null;
}

export function readDirectoryObject(answer: GraphObject): DirectoryObject {
  return {
    id: answer.id,
    type: answer["@odata.type"]?.split(".").at(-1) ?? "object",
    displayName: answer.displayName ?? "",
  };
}

export interface GraphGrant {
  id: string;
  consentType: string;
  scope?: string | null;
}

export function readDelegation({ id, scope, consentType }: GraphGrant): Delegation {
  return { id, scope: scope ?? "", isForAll: consentType === "AllPrincipals" };
}

export interface ArmRoleAssignment {
  id: string;
  name: string;
  properties: { scope: string; principalId: string; roleDefinitionId: string };
}

export function readRole({ id, name, properties }: ArmRoleAssignment): Role {
  const roleId = (properties.roleDefinitionId.split("/").at(-1) ?? "").toLowerCase();
  return { id, name, scope: properties.scope, principalId: properties.principalId, roleId };
}

export interface ArmRoleDefinition {
  properties: { roleName: string; permissions?: Permission[] };
}

export function readRoleDefinition({
  properties,
}: ArmRoleDefinition): Pick<Role, "roleName" | "isPrivileged"> {
  return { roleName: properties.roleName, isPrivileged: isPrivileged(properties.permissions ?? []) };
}

/** Times are seconds since 1970. */
export interface ArmVaultSecret {
  tags?: Record<string, string>;
  properties: { attributes?: { enabled?: boolean; exp?: number; updated?: number } };
}

export function readVaultSecret({ tags = {}, properties }: ArmVaultSecret): VaultSecret {
  const { enabled = true, exp, updated } = properties.attributes ?? {};
  const toDate = (seconds: number | undefined) =>
    seconds === undefined ? undefined : new Date(seconds * 1000);
  return { isEnabled: enabled, ends: toDate(exp), updated: toDate(updated), tags };
}
