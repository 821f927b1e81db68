import type { JsonObject } from "../call";

/** What applications and service principals have in common. */
interface OwnedRecord {
  readonly id: string;
  readonly appId: string;
  readonly attributes: JsonObject;
  readonly createdAt: Date;
  /** It belongs to the world at its start, or was put there by the control API. */
  readonly initial: boolean;
  /** Object IDs of principals and people. */
  readonly owners: readonly string[];
}

/** An app registration. */
export type ApplicationRecord = OwnedRecord;

/** A service principal. */
export type PrincipalRecord = OwnedRecord;

/** A client secret of an application or a principal: the text itself is never kept. */
export interface PasswordRecord {
  readonly keyId: string;
  readonly objectId: string;
  readonly displayName: string | null;
  readonly hint: string;
  readonly hash: string;
  readonly startDateTime: string;
  readonly endDateTime: string;
}

/** A certificate with which an application or a principal can log in. */
export interface CertificateRecord {
  readonly keyId: string;
  readonly objectId: string;
  readonly displayName: string | null;
  readonly type: string;
  readonly usage: string;
  /** DER, base64. */
  readonly key: string;
  /** Base64 of the SHA-1 thumbprint, or what the client gave. */
  readonly customKeyIdentifier: string;
  readonly startDateTime: string;
  readonly endDateTime: string;
}

/** A federated identity credential: who may log in with a token of another issuer. */
export interface FederatedCredentialRecord {
  readonly id: string;
  /** Object ID of an application, or of the principal of a managed identity. */
  readonly objectId: string;
  readonly name: string;
  readonly issuer: string;
  /** Either this or `claimsMatchingExpression` is set. */
  readonly subject: string | null;
  readonly claimsMatchingExpression: { readonly value: string; readonly languageVersion: number } | null;
  readonly audiences: readonly string[];
  readonly description: string | null;
}

/** A person. */
export interface UserRecord {
  readonly id: string;
  /** What Graph shows; the password is not among it. */
  readonly attributes: JsonObject & { readonly displayName: string; readonly userPrincipalName: string };
  readonly passwordHash: string;
  readonly managerId: string | null;
  readonly createdAt: Date;
  readonly initial: boolean;
}

/** A group, or a directory role: both have members. */
export interface GroupRecord {
  readonly id: string;
  readonly attributes: JsonObject;
  readonly members: readonly string[];
  readonly owners: readonly string[];
  readonly createdAt: Date;
  /** Set for a directory role. */
  readonly roleTemplateId?: string;
}

/** A permission that a principal has on a resource, such as one of Microsoft Graph's. */
export interface AppRoleAssignmentRecord {
  readonly id: string;
  readonly principalId: string;
  readonly resourceId: string;
  readonly appRoleId: string;
  readonly createdAt: Date;
  readonly initial: boolean;
}

/** Permissions that one person, or an administrator for all, lent to an application. */
export interface ScopeGrantRecord {
  readonly id: string;
  readonly clientId: string;
  readonly consentType: "AllPrincipals" | "Principal";
  readonly principalId: string | null;
  readonly resourceId: string;
  readonly scope: string;
}

/** An object in the recycle bin of the directory. */
export type DeletedRecord = {
  /** As it was shown: it may have been that of the application, which can be gone as well. */
  readonly displayName: unknown;
  readonly deletedAt: Date;
} & (
  | { readonly kind: "application"; readonly record: OwnedRecord }
  | { readonly kind: "servicePrincipal"; readonly record: OwnedRecord }
  | { readonly kind: "user"; readonly record: UserRecord }
  | { readonly kind: "group"; readonly record: GroupRecord }
);

/** A role assignment on a scope. */
export interface RoleAssignmentRecord {
  readonly name: string;
  readonly scope: string;
  readonly principalId: string;
  readonly principalType: PrincipalType;
  readonly roleGuid: string;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
  readonly description: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly createdBy: string;
  readonly updatedBy: string;
  readonly initial: boolean;
}

export type PrincipalType = "User" | "Group" | "ServicePrincipal";

/** A user-assigned managed identity. */
export interface IdentityRecord {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly principalId: string;
  readonly clientId: string;
}

/** A resource group; only its tags can be changed. */
export interface ResourceGroupRecord {
  readonly subscriptionId: string;
  readonly name: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** An Azure ML workspace. */
export interface WorkspaceRecord {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
  readonly location: string;
  readonly kind: WorkspaceKind;
  readonly workspaceId: string;
  readonly identityPrincipalId: string;
  /** Resource ID of the vault that belongs to it. */
  readonly keyVaultId: string;
}

type WorkspaceKind = "Default" | "Hub" | "Project";

/** An Azure subscription. */
export interface SubscriptionRecord {
  readonly subscriptionId: string;
  readonly displayName: string;
}

/** What somebody may do in a vault that goes by access policies. */
export interface AccessPolicy {
  readonly objectId: string;
  readonly secrets: readonly SecretPermission[];
  readonly keys?: readonly KeyPermission[];
}

export const SECRET_PERMISSIONS = ["get", "list", "set", "delete", "recover", "purge"] as const;
export type SecretPermission = (typeof SECRET_PERMISSIONS)[number];

export const KEY_PERMISSIONS = [
  ...(["get", "list", "create", "update", "delete", "recover", "purge"] as const),
  ...(["encrypt", "decrypt", "wrapKey", "unwrapKey"] as const),
];
export type KeyPermission = (typeof KEY_PERMISSIONS)[number];

/** A key vault. Its name is unique in all of Azure. */
export interface VaultRecord {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
  readonly location: string;
  /** True: role assignments say who may do what with its secrets; false: its access policies do. */
  readonly rbac: boolean;
  readonly accessPolicies: readonly AccessPolicy[];
  /** Its firewall lets nobody in, but for Azure Resource Manager. */
  readonly firewall: boolean;
  readonly softDeleteRetentionInDays: number;
  readonly purgeProtection: boolean;
}

/** One value of a secret. Instants are whole seconds since 1970, as Key Vault has them. */
export interface SecretVersion {
  /** 32 hexadecimal digits. */
  readonly version: string;
  readonly value: string;
  readonly contentType: string | null;
  readonly enabled: boolean;
  readonly notBefore: number | null;
  readonly expires: number | null;
  readonly created: number;
  readonly updated: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Of a key: what it may be used for. */
  readonly operations?: readonly string[];
}

/** A secret in a vault, with all its versions, the latest one last. */
export interface VaultSecretRecord {
  readonly vault: string;
  readonly name: string;
  readonly versions: readonly SecretVersion[];
  /** Set while it can still be recovered. */
  readonly deletedAt: Date | null;
}
