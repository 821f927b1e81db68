import type { Cloud } from "../cloud";
import type { ApplicationRecord, PrincipalRecord, RoleAssignmentRecord } from "../store/records";

/** An application, with its secrets as hashes. */
export interface ApplicationState {
  id: string;
  appId: string;
  displayName: string | null;
  tags: string[];
  owners: string[];
  createdDateTime: string;
  /** True: it belongs to the world at its start, or a control call put it there. */
  initial: boolean;
  passwords: {
    keyId: string;
    displayName: string | null;
    sha256: string;
    startDateTime: string;
    endDateTime: string;
  }[];
  federatedCredentials: {
    id: string;
    name: string;
    issuer: string;
    subject: string;
    audiences: string[];
  }[];
}

/** A service principal. */
export interface PrincipalState {
  id: string;
  appId: string;
  displayName: string | null;
  owners: string[];
  createdDateTime: string;
  initial: boolean;
}

/** A role assignment. */
export interface RoleAssignmentState {
  id: string;
  name: string;
  scope: string;
  principalId: string;
  principalType: string;
  roleDefinitionGuid: string;
  initial: boolean;
}

/** All that is in the directory, as plain JSON. Records with `initial: false` were created by calls. */
export interface DirectoryState {
  applications: ApplicationState[];
  servicePrincipals: PrincipalState[];
  roleAssignments: RoleAssignmentState[];
  deletedItems: (
    | ({ kind: "application"; deletedDateTime: string } & ApplicationState)
    | ({ kind: "servicePrincipal"; deletedDateTime: string } & PrincipalState)
  )[];
}

export function readState(cloud: Cloud): DirectoryState {
  const { directory, access } = cloud.world;
  return {
    applications: [...directory.applications.values()].map(applicationState),
    servicePrincipals: [...directory.principals.values()].map((one) =>
      principalState(one, directory.displayNameOf(one)),
    ),
    roleAssignments: access.all().map(assignmentState),
    deletedItems: directory.deletedItems(cloud.clock.now()).map((item) => {
      const deletedDateTime = item.deletedAt.toISOString();
      return item.kind === "application"
        ? { kind: item.kind, deletedDateTime, ...applicationState(item.record) }
        : {
            kind: item.kind,
            deletedDateTime,
            ...principalState(item.record, item.displayName),
          };
    }),
  };
}

function applicationState(application: ApplicationRecord): ApplicationState {
  const { tags } = application.attributes;
  return {
    id: application.id,
    appId: application.appId,
    displayName: textOrNull(application.attributes.displayName),
    tags: Array.isArray(tags) ? (tags as string[]) : [],
    owners: [...application.owners],
    createdDateTime: application.createdAt.toISOString(),
    initial: application.initial,
    passwords: application.passwords.map((password) => ({
      keyId: password.keyId,
      displayName: password.displayName,
      sha256: password.hash,
      startDateTime: password.startDateTime,
      endDateTime: password.endDateTime,
    })),
    federatedCredentials: application.federatedCredentials.map(
      ({ id, name, issuer, subject, audiences }) => ({
        id,
        name,
        issuer,
        subject,
        audiences: [...audiences],
      }),
    ),
  };
}

function principalState(principal: PrincipalRecord, displayName: unknown): PrincipalState {
  return {
    id: principal.id,
    appId: principal.appId,
    displayName: textOrNull(displayName),
    owners: [...principal.owners],
    createdDateTime: principal.createdAt.toISOString(),
    initial: principal.initial,
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
    initial: assignment.initial,
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
