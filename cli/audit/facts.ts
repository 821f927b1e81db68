/**
 * What Azure says. `undefined` means that the audit could not ask (the question is then in `unanswered`), `null` that the
 * thing does not exist.
 */
export interface AzureFacts {
  /** In the order of the record's instances. */
  readonly instances: readonly InstanceFacts[];
  /** All assignments that could be listed, whoever holds them. */
  readonly roles: readonly RoleFacts[] | undefined;
  /** Applications and principals with the tag of this program. */
  readonly taggedApplications: readonly ApplicationFacts[] | undefined;
  readonly taggedPrincipals: readonly PrincipalFacts[] | undefined;
  readonly deletedApplications: readonly DeletedApplication[] | undefined;
  readonly deletedPrincipals: readonly PrincipalFacts[] | undefined;
  /** What is recorded in key vaults, by resource ID. */
  readonly vaultSecrets: ReadonlyMap<string, VaultSecretFacts | null | undefined>;
  readonly unanswered: readonly Unanswered[];
}

export interface InstanceFacts {
  readonly application: ApplicationFacts | null | undefined;
  readonly trusts: readonly TrustFacts[] | undefined;
  readonly applicationOwners: readonly DirectoryObject[] | undefined;
  /** The principal of the application's client ID, whether it is the recorded one or not. */
  readonly principal: PrincipalFacts | null | undefined;
  readonly principalOwners: readonly DirectoryObject[] | undefined;
  readonly memberships: readonly Membership[] | undefined;
  readonly appRoles: readonly AppRole[] | undefined;
  readonly delegations: readonly Delegation[] | undefined;
}

/** A secret or a certificate, without its text. */
export interface CredentialFacts {
  readonly keyId: string;
  readonly displayName: string | null;
  readonly starts: string;
  readonly ends: string;
}

export interface ApplicationFacts {
  readonly objectId: string;
  readonly clientId: string;
  readonly displayName: string;
  readonly created: string;
  readonly tags: readonly string[];
  readonly secrets: readonly CredentialFacts[];
  readonly certificates: readonly CredentialFacts[];
}

export interface DeletedApplication extends ApplicationFacts {
  readonly deleted: string;
}

export interface PrincipalFacts {
  readonly objectId: string;
  readonly clientId: string;
  readonly displayName: string;
  readonly isEnabled: boolean;
  readonly tags: readonly string[];
  readonly secrets: readonly CredentialFacts[];
  readonly certificates: readonly CredentialFacts[];
}

export interface TrustFacts {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly matches: string;
  readonly audiences: readonly string[];
  readonly description: string | null;
}

export interface RoleFacts {
  readonly id: string;
  /** The assignment's own name, a GUID. */
  readonly name: string;
  readonly scope: string;
  readonly principalId: string;
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
  readonly appRoleId: string;
  readonly resourceName: string;
  /** `Mail.Read`, …: the GUID where it could not be looked up. */
  readonly permission: string;
}

/** A delegated permission, to act for users. */
export interface Delegation {
  readonly id: string;
  readonly resourceId: string;
  readonly scope: string;
  readonly isForAll: boolean;
}

/** A secret in a Key Vault, without what it is. */
export interface VaultSecretFacts {
  readonly isEnabled: boolean;
  readonly ends: Date | undefined;
  readonly updated: Date | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** A question that the login had no right to ask. */
export interface Unanswered {
  readonly question: string;
  /** Code of the refusal. */
  readonly code: string;
  /** Which right would answer it. */
  readonly right: string;
}
