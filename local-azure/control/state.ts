import type { Cloud } from "../cloud";
import { certificatesOf, federatedCredentialsOf, passwordsOf } from "../store/credentials";
import { displayNameOf } from "../store/directory";
import { hashSecret } from "../ids";
import type { ApplicationRecord, PrincipalRecord, RoleAssignmentRecord, VaultRecord } from "../store/records";
import { idOfIdentity, idOfVault } from "../store/resources";
import type { StoreView } from "../store/store";
import { VaultSecrets } from "../store/vaults";

interface PasswordState {
  keyId: string;
  displayName: string | null;
  sha256: string;
  startDateTime: string;
  endDateTime: string;
}

/** A certificate, by its thumbprint. */
interface CertificateState {
  keyId: string;
  displayName: string | null;
  thumbprint: string;
  endDateTime: string;
}

/** An application, with its secrets as hashes. */
interface ApplicationState {
  id: string;
  appId: string;
  displayName: string | null;
  tags: string[];
  owners: string[];
  createdDateTime: string;
  /** True: it belongs to the world at its start, or a control call put it there. */
  initial: boolean;
  passwords: PasswordState[];
  certificates: CertificateState[];
  federatedCredentials: FederatedCredentialState[];
}

/** A trust in another issuer. */
interface FederatedCredentialState {
  id: string;
  name: string;
  issuer: string;
  /** Null for a flexible credential. */
  subject: string | null;
  claimsMatchingExpression: string | null;
  audiences: string[];
}

/** A service principal. */
interface PrincipalState {
  id: string;
  appId: string;
  displayName: string | null;
  owners: string[];
  createdDateTime: string;
  initial: boolean;
  passwords: PasswordState[];
  certificates: CertificateState[];
}

/** A role assignment. */
interface RoleAssignmentState {
  id: string;
  name: string;
  scope: string;
  principalId: string;
  principalType: string;
  roleDefinitionGuid: string;
  condition: string | null;
  initial: boolean;
}

/** A permission in another application, such as one of Microsoft Graph's. */
interface AppRoleAssignmentState {
  id: string;
  principalId: string;
  resourceId: string;
  appRoleId: string;
  initial: boolean;
}

/** A version of a secret, with its value as a hash. */
interface SecretVersionState {
  version: string;
  sha256: string;
  contentType: string | null;
  enabled: boolean;
  expires: string | null;
  tags: Record<string, string>;
}

/** A key vault, with its secrets; the latest version of each is the last. */
interface VaultState {
  id: string;
  name: string;
  secrets: {
    name: string;
    /** Null: it is there; else it can still be recovered. */
    deletedDateTime: string | null;
    versions: SecretVersionState[];
  }[];
}

/** A user-assigned managed identity. */
interface ManagedIdentityState {
  id: string;
  name: string;
  location: string;
  tags: Record<string, string>;
  clientId: string;
  principalId: string;
  federatedCredentials: FederatedCredentialState[];
}

/** All that is in the directory, as plain JSON. Records with `initial: false` were created by calls. */
export interface DirectoryState {
  applications: ApplicationState[];
  servicePrincipals: PrincipalState[];
  roleAssignments: RoleAssignmentState[];
  appRoleAssignments: AppRoleAssignmentState[];
  managedIdentities: ManagedIdentityState[];
  vaults: VaultState[];
  deletedItems: (
    | ({ kind: "application"; deletedDateTime: string } & ApplicationState)
    | ({ kind: "servicePrincipal"; deletedDateTime: string } & PrincipalState)
  )[];
}

export function readState(cloud: Cloud): DirectoryState {
  const { directory, store } = cloud.world;
  const deleted = directory.deletedItems(cloud.clock.now());
  const view: StoreView = store.tables;
  return {
    applications: view.applications.all().map((one) => applicationState(view, one)),
    servicePrincipals: view.principals
      .all()
      .map((one) => principalState(view, one, displayNameOf(view, one))),
    roleAssignments: view.roleAssignments.all().map(assignmentState),
    appRoleAssignments: view.appRoleAssignments
      .all()
      .map(({ id, principalId, resourceId, appRoleId, initial }) => ({
        id,
        principalId,
        resourceId,
        appRoleId,
        initial,
      })),
    managedIdentities: view.identities.all().map((identity) => {
      const { name, location, tags, clientId, principalId } = identity;
      const federatedCredentials = trustsOf(view, principalId);
      const id = idOfIdentity(identity);
      return { id, name, location, tags: { ...tags }, clientId, principalId, federatedCredentials };
    }),
    vaults: view.vaults.all().map((vault) => vaultState(cloud, vault)),
    deletedItems: deleted.flatMap(
      ({ kind, record, displayName, deletedAt }): DirectoryState["deletedItems"] => {
        const deletedDateTime = deletedAt.toISOString();
        if (kind === "application") return [{ kind, deletedDateTime, ...applicationState(view, record) }];
        if (kind !== "servicePrincipal") return [];
        return [{ kind, deletedDateTime, ...principalState(view, record, displayName) }];
      },
    ),
  };
}

function credentialState(view: StoreView, objectId: string) {
  return {
    passwords: passwordsOf(view, objectId).map(
      ({ keyId, displayName, hash, startDateTime, endDateTime }) => ({
        keyId,
        displayName,
        sha256: hash,
        startDateTime,
        endDateTime,
      }),
    ),
    certificates: certificatesOf(view, objectId).map(
      ({ keyId, displayName, customKeyIdentifier, endDateTime }) => ({
        keyId,
        displayName,
        thumbprint: customKeyIdentifier,
        endDateTime,
      }),
    ),
  };
}

function applicationState(view: StoreView, application: ApplicationRecord): ApplicationState {
  const { tags } = application.attributes;
  return {
    id: application.id,
    appId: application.appId,
    displayName: textOrNull(application.attributes.displayName),
    tags: Array.isArray(tags) ? (tags as string[]) : [],
    owners: [...application.owners],
    createdDateTime: application.createdAt.toISOString(),
    initial: application.initial,
    ...credentialState(view, application.id),
    federatedCredentials: trustsOf(view, application.id),
  };
}

function trustsOf(view: StoreView, objectId: string): FederatedCredentialState[] {
  return federatedCredentialsOf(view, objectId).map((credential) => ({
    id: credential.id,
    name: credential.name,
    issuer: credential.issuer,
    subject: credential.subject,
    claimsMatchingExpression: credential.claimsMatchingExpression?.value ?? null,
    audiences: [...credential.audiences],
  }));
}

function principalState(view: StoreView, principal: PrincipalRecord, displayName: unknown): PrincipalState {
  return {
    id: principal.id,
    appId: principal.appId,
    displayName: textOrNull(displayName),
    owners: [...principal.owners],
    createdDateTime: principal.createdAt.toISOString(),
    initial: principal.initial,
    ...credentialState(view, principal.id),
  };
}

function assignmentState(assignment: RoleAssignmentRecord): RoleAssignmentState {
  return {
    id: `${assignment.scope}/providers/Microsoft.Authorization/roleAssignments/${assignment.name}`,
    name: assignment.name,
    scope: assignment.scope,
    principalId: assignment.principalId,
    principalType: assignment.principalType,
    roleDefinitionGuid: assignment.roleGuid,
    condition: assignment.condition,
    initial: assignment.initial,
  };
}

function vaultState({ clock, world }: Cloud, vault: VaultRecord): VaultState {
  const secrets = new VaultSecrets(world.store, vault, clock.now());
  const deleted = secrets.allDeleted().map(({ secret }) => secret);
  return {
    id: idOfVault(vault),
    name: vault.name,
    secrets: [...secrets.all(), ...deleted].map(({ name, deletedAt, versions }) => ({
      name,
      deletedDateTime: deletedAt?.toISOString() ?? null,
      versions: versions.map(({ version, value, contentType, enabled, expires, tags }) => ({
        version,
        sha256: hashSecret(value),
        contentType,
        enabled,
        expires: expires === null ? null : new Date(expires * 1000).toISOString(),
        tags: { ...tags },
      })),
    })),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
