import type { Cloud } from "../cloud";
import { hashSecret } from "../ids";
import { certificatesOf, federatedCredentialsOf, passwordsOf } from "../store/credentials";
import { displayNameOf } from "../store/directory";
import type { ApplicationRecord, PrincipalRecord, VaultRecord } from "../store/records";
import { idOfIdentity, idOfVault } from "../store/resources";
import type { StoreView } from "../store/store";
import { VaultObjects } from "../store/vaults";

/** All that is in the directory, as plain JSON. Records with `initial: false` were created by calls. */
export type DirectoryState = ReturnType<typeof readState>;

type DeletedState = { deletedDateTime: string } & (
  | ({ kind: "application" } & ReturnType<typeof applicationState>)
  | ({ kind: "servicePrincipal" } & ReturnType<typeof principalState>)
);

export function readState(cloud: Cloud) {
  const { directory, store } = cloud.world;
  const deleted = directory.deletedItems(cloud.clock.now());
  const view: StoreView = store.tables;
  return {
    applications: view.applications.all().map((one) => applicationState(view, one)),
    servicePrincipals: view.principals
      .all()
      .map((one) => principalState(view, one, displayNameOf(view, one))),
    roleAssignments: view.roleAssignments.all().map((one) => {
      const { name, scope, principalId, principalType, roleGuid, condition, initial } = one;
      const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
      const roleDefinitionGuid = roleGuid;
      return { id, name, scope, principalId, principalType, roleDefinitionGuid, condition, initial };
    }),
    appRoleAssignments: view.appRoleAssignments
      .all()
      .map(({ id, principalId, resourceId, appRoleId, initial }) => {
        return { id, principalId, resourceId, appRoleId, initial };
      }),
    managedIdentities: view.identities.all().map((identity) => {
      const { name, location, tags, clientId, principalId } = identity;
      const federatedCredentials = trustsOf(view, principalId);
      const id = idOfIdentity(identity);
      return { id, name, location, tags: { ...tags }, clientId, principalId, federatedCredentials };
    }),
    vaults: view.vaults.all().map((vault) => vaultState(cloud, vault)),
    deletedItems: deleted.flatMap(({ kind, record, displayName, deletedAt }): DeletedState[] => {
      const deletedDateTime = deletedAt.toISOString();
      if (kind === "application") return [{ kind, deletedDateTime, ...applicationState(view, record) }];
      if (kind !== "servicePrincipal") return [];
      return [{ kind, deletedDateTime, ...principalState(view, record, displayName) }];
    }),
  };
}

/** Secrets as hashes, certificates by their thumbprint. */
function credentialState(view: StoreView, objectId: string) {
  return {
    passwords: passwordsOf(view, objectId).map(({ keyId, displayName, hash, startDateTime, endDateTime }) => {
      return { keyId, displayName, sha256: hash, startDateTime, endDateTime };
    }),
    certificates: certificatesOf(view, objectId).map(
      ({ keyId, displayName, customKeyIdentifier: thumbprint, endDateTime }) => {
        return { keyId, displayName, thumbprint, endDateTime };
      },
    ),
  };
}

function applicationState(view: StoreView, application: ApplicationRecord) {
  const { tags } = application.attributes;
  return {
    ...ownedState(application, application.attributes.displayName),
    tags: Array.isArray(tags) ? (tags as string[]) : [],
    ...credentialState(view, application.id),
    federatedCredentials: trustsOf(view, application.id),
  };
}

/** Without `subject` it is a flexible credential. */
function trustsOf(view: StoreView, objectId: string) {
  return federatedCredentialsOf(view, objectId).map(({ id, name, issuer, subject, audiences, ...more }) => {
    const claimsMatchingExpression = more.claimsMatchingExpression?.value ?? null;
    return { id, name, issuer, subject, claimsMatchingExpression, audiences: [...audiences] };
  });
}

function principalState(view: StoreView, principal: PrincipalRecord, displayName: unknown) {
  return { ...ownedState(principal, displayName), ...credentialState(view, principal.id) };
}

function ownedState({ id, appId, owners, createdAt, initial }: ApplicationRecord, displayName: unknown) {
  return {
    id,
    appId,
    displayName: typeof displayName === "string" ? displayName : null,
    owners: [...owners],
    createdDateTime: createdAt.toISOString(),
    initial,
  };
}

/** The latest version of each secret is the last; `deletedDateTime` is set while a secret can still be recovered. */
function vaultState({ clock, world }: Cloud, vault: VaultRecord) {
  const secrets = new VaultObjects(world.store, vault, clock.now());
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
