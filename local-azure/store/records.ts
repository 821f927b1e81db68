/** Any JSON object, as a client sent it. */
export type JsonObject = Record<string, unknown>;

/** A client secret: the text itself is never kept. */
export interface PasswordRecord {
  readonly keyId: string;
  readonly displayName: string | null;
  readonly hint: string;
  readonly hash: string;
  readonly startDateTime: string;
  readonly endDateTime: string;
  readonly createdAt: Date;
}

/** A federated identity credential: who may log in with a token of another issuer. */
export interface FederatedCredentialRecord {
  readonly id: string;
  readonly name: string;
  issuer: string;
  subject: string;
  audiences: string[];
  description: string | null;
  readonly createdAt: Date;
}

/** An app registration. `initial` marks what belongs to the world at its start, or was put there by the control API. */
export interface ApplicationRecord {
  readonly id: string;
  readonly appId: string;
  attributes: JsonObject;
  readonly createdAt: Date;
  readonly initial: boolean;
  passwords: PasswordRecord[];
  federatedCredentials: FederatedCredentialRecord[];
  owners: string[];
}

/** What an application may do in Microsoft Graph. */
export type GraphPermission = "Application.ReadWrite.All" | "Application.ReadWrite.OwnedBy";

/** A service principal of type Application. */
export interface PrincipalRecord {
  readonly id: string;
  readonly appId: string;
  attributes: JsonObject;
  readonly createdAt: Date;
  readonly initial: boolean;
  readonly graphPermissions: readonly GraphPermission[];
  owners: string[];
}

/** An object in the recycle bin of the directory. */
export type DeletedRecord =
  | { readonly kind: "application"; readonly record: ApplicationRecord; readonly deletedAt: Date }
  | {
      readonly kind: "servicePrincipal";
      readonly record: PrincipalRecord;
      /** As it was shown: it may have been that of the application, which can be gone as well. */
      readonly displayName: unknown;
      readonly deletedAt: Date;
    };

/** A role assignment on a scope. */
export interface RoleAssignmentRecord {
  readonly name: string;
  readonly scope: string;
  readonly principalId: string;
  readonly principalType: string;
  readonly roleGuid: string;
  condition: string | null;
  conditionVersion: string | null;
  description: string | null;
  readonly createdAt: Date;
  updatedAt: Date;
  readonly createdBy: string;
  updatedBy: string;
  readonly initial: boolean;
}

/** The kinds of object whose replication can lag. */
export const LAG_KINDS = [
  "application",
  "servicePrincipal",
  "secret",
  "federatedCredential",
  "roleAssignment",
] as const;
export type LagKind = (typeof LAG_KINDS)[number];
