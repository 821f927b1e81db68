import { isPrivileged, type Permission } from "../../components/plan/permissions";
import type {
  ApplicationFacts,
  CredentialFacts,
  Delegation,
  DeletedApplication,
  DirectoryObject as DirectoryObjectFacts,
  PrincipalFacts,
  RoleFacts,
  TrustFacts,
  VaultSecretFacts,
} from "../audit/facts";

// The parts of answers of Microsoft Graph and Azure Resource Manager that are read, and their names here.

interface Credential {
  keyId: string;
  displayName?: string | null;
  startDateTime?: string | null;
  endDateTime: string;
  /** Of certificates. */
  usage?: string;
}

export interface Application {
  id: string;
  appId: string;
  displayName?: string | null;
  createdDateTime?: string | null;
  deletedDateTime?: string | null;
  tags?: string[];
  passwordCredentials?: Credential[];
  keyCredentials?: Credential[];
}

export interface Principal {
  id: string;
  appId: string;
  displayName?: string | null;
  accountEnabled?: boolean;
  tags?: string[];
  passwordCredentials?: Credential[];
  keyCredentials?: Credential[];
}

export interface Trust {
  id: string;
  name: string;
  issuer: string;
  subject?: string | null;
  claimsMatchingExpression?: { value: string } | null;
  audiences?: string[];
  description?: string | null;
}

export interface DirectoryObject {
  id: string;
  "@odata.type"?: string;
  displayName?: string | null;
}

export interface AppRoleAssignment {
  id: string;
  appRoleId: string;
  resourceId: string;
  resourceDisplayName?: string | null;
}

export interface Grant {
  id: string;
  resourceId: string;
  consentType: string;
  scope?: string | null;
}

export interface RoleAssignment {
  id: string;
  name: string;
  properties: { scope: string; principalId: string; roleDefinitionId: string };
}

/** As Azure Resource Manager shows it; times are seconds since 1970. */
export interface VaultSecret {
  tags?: Record<string, string>;
  properties: { attributes?: { enabled?: boolean; exp?: number; updated?: number } };
}

export interface RoleDefinition {
  properties: { roleName: string; permissions?: Permission[] };
}

export function readApplication(application: Application): ApplicationFacts {
  return {
    objectId: application.id,
    clientId: application.appId,
    displayName: application.displayName ?? "",
    created: application.createdDateTime ?? "",
    tags: application.tags ?? [],
    ...readCredentials(application),
  };
}

export function readDeletedApplication(application: Application): DeletedApplication {
  return { ...readApplication(application), deleted: application.deletedDateTime ?? "" };
}

export function readPrincipal(principal: Principal): PrincipalFacts {
  return {
    objectId: principal.id,
    clientId: principal.appId,
    displayName: principal.displayName ?? "",
    isEnabled: principal.accountEnabled ?? true,
    tags: principal.tags ?? [],
    ...readCredentials(principal),
  };
}

function readCredentials({ passwordCredentials, keyCredentials }: Application | Principal) {
  return {
    secrets: (passwordCredentials ?? []).map(readCredential),
    // With the usage Sign, a certificate signs what the application sends out: nobody logs in with it.
    certificates: (keyCredentials ?? []).filter(({ usage }) => usage !== "Sign").map(readCredential),
  };
}

function readCredential({ keyId, displayName, startDateTime, endDateTime }: Credential): CredentialFacts {
  return { keyId, displayName: displayName ?? null, starts: startDateTime ?? "", ends: endDateTime };
}

export function readTrust(trust: Trust): TrustFacts {
  return {
    id: trust.id,
    name: trust.name,
    issuer: trust.issuer,
    matches: trust.subject ?? trust.claimsMatchingExpression?.value ?? "",
    audiences: trust.audiences ?? [],
    description: trust.description ?? null,
  };
}

export function readDirectoryObject(object: DirectoryObject): DirectoryObjectFacts {
  return {
    id: object.id,
    type: object["@odata.type"]?.split(".").at(-1) ?? "object",
    displayName: object.displayName ?? "",
  };
}

export function readDelegation({ id, resourceId, scope, consentType }: Grant): Delegation {
  return { id, resourceId, scope: scope ?? "", isForAll: consentType === "AllPrincipals" };
}

export function readRole({ id, name, properties }: RoleAssignment): RoleFacts {
  return {
    id,
    name,
    scope: properties.scope,
    principalId: properties.principalId,
    roleId: (properties.roleDefinitionId.split("/").at(-1) ?? "").toLowerCase(),
  };
}

export function readRoleDefinition({ properties }: RoleDefinition) {
  return { roleName: properties.roleName, isPrivileged: isPrivileged(properties.permissions ?? []) };
}

export function readVaultSecret({ tags = {}, properties }: VaultSecret): VaultSecretFacts {
  const { enabled = true, exp, updated } = properties.attributes ?? {};
  const toDate = (seconds: number | undefined) =>
    seconds === undefined ? undefined : new Date(seconds * 1000);
  return { isEnabled: enabled, ends: toDate(exp), updated: toDate(updated), tags };
}
