import type { Directory } from "./directory";
import type { RoleAssignmentRecord } from "./records";
import { allowsAction, findRole } from "./roles";
import { RuleViolation } from "./violations";

/** What a caller says about a role assignment. */
export interface RoleAssignmentRequest {
  readonly name: string;
  readonly scope: string;
  readonly principalId: string;
  readonly principalType?: string;
  readonly roleGuid: string;
  readonly condition?: string | null;
  readonly conditionVersion?: string | null;
  readonly description?: string | null;
}

/** Role assignments, and who may do what because of them. */
export class AccessControl {
  private readonly assignments = new Map<string, RoleAssignmentRecord>();

  constructor(private readonly directory: Directory) {}

  /** Creates an assignment, or changes the description and condition of the one with the same name. */
  assign(
    request: RoleAssignmentRequest,
    caller: string,
    now: Date,
    initial = false,
  ): { assignment: RoleAssignmentRecord; created: boolean } {
    if (findRole(request.roleGuid) === undefined)
      throw new RuleViolation("roleNotFound", { roleGuid: request.roleGuid });
    const named = this.find(request.scope, request.name);
    if (named !== undefined) return { assignment: this.update(named, request, caller, now), created: false };
    const twin = this.all().find((other) => isSame(other, request));
    if (twin !== undefined) throw new RuleViolation("roleAssignmentExists", { name: twin.name });
    this.checkPrincipal(request, now);
    const assignment: RoleAssignmentRecord = {
      name: request.name.toLowerCase(),
      scope: request.scope,
      principalId: request.principalId.toLowerCase(),
      principalType: request.principalType ?? "ServicePrincipal",
      roleGuid: request.roleGuid.toLowerCase(),
      condition: request.condition ?? null,
      conditionVersion: request.conditionVersion ?? null,
      description: request.description ?? null,
      createdAt: now,
      updatedAt: now,
      createdBy: caller,
      updatedBy: caller,
      initial,
    };
    this.assignments.set(key(assignment.scope, assignment.name), assignment);
    return { assignment, created: true };
  }

  find(scope: string, name: string): RoleAssignmentRecord | undefined {
    return this.assignments.get(key(scope, name));
  }

  remove(scope: string, name: string): RoleAssignmentRecord | undefined {
    const assignment = this.find(scope, name);
    this.assignments.delete(key(scope, name));
    return assignment;
  }

  all(): RoleAssignmentRecord[] {
    return [...this.assignments.values()];
  }

  /** The assignments of a principal that have effect at a scope: on it or above it, and replicated. */
  effectiveAt(principalId: string, scope: string, now: Date): RoleAssignmentRecord[] {
    return this.all().filter(
      (assignment) =>
        assignment.principalId === principalId &&
        isAtOrAbove(assignment.scope, scope) &&
        this.directory.replication.isReplicated("roleAssignment", assignment.createdAt, now),
    );
  }

  isAllowed(principalId: string, action: string, scope: string, now: Date): boolean {
    return this.effectiveAt(principalId, scope, now).some((assignment) => {
      const definition = findRole(assignment.roleGuid);
      return definition !== undefined && allowsAction(definition, action);
    });
  }

  /** Whether a principal has a role on a scope, above it, or anywhere below it. */
  hasRoleWithin(principalId: string, scope: string, now: Date): boolean {
    const below = this.all().some(
      (assignment) =>
        assignment.principalId === principalId &&
        isAtOrAbove(scope, assignment.scope) &&
        this.directory.replication.isReplicated("roleAssignment", assignment.createdAt, now),
    );
    return below || this.effectiveAt(principalId, scope, now).length > 0;
  }

  private update(
    existing: RoleAssignmentRecord,
    request: RoleAssignmentRequest,
    caller: string,
    now: Date,
  ): RoleAssignmentRecord {
    if (!isSame(existing, request)) throw new RuleViolation("roleAssignmentImmutable");
    const { condition = null, conditionVersion = null, description = null } = request;
    const isRepetition =
      existing.condition === condition &&
      existing.conditionVersion === conditionVersion &&
      existing.description === description;
    if (isRepetition) throw new RuleViolation("roleAssignmentExists", { name: existing.name });
    Object.assign(existing, { condition, conditionVersion, description });
    existing.updatedAt = now;
    existing.updatedBy = caller;
    return existing;
  }

  /** With `principalType` Azure does not wait for replication: a principal that is new is accepted at once. */
  private checkPrincipal(request: RoleAssignmentRequest, now: Date): void {
    const principal = this.directory.principals.get(request.principalId.toLowerCase());
    const known =
      principal !== undefined &&
      (request.principalType !== undefined ||
        this.directory.replication.isReplicated("servicePrincipal", principal.createdAt, now));
    if (!known) throw new RuleViolation("principalNotFound", { principalId: request.principalId });
  }
}

/** Scopes are compared without regard to case; an empty scope is the root. */
export function isAtOrAbove(upper: string, lower: string): boolean {
  const above = upper.toLowerCase();
  const below = lower.toLowerCase();
  return above === "" || above === below || below.startsWith(`${above}/`);
}

function key(scope: string, name: string): string {
  return `${scope}/${name}`.toLowerCase();
}

function isSame(assignment: RoleAssignmentRecord, request: RoleAssignmentRequest): boolean {
  return (
    assignment.scope.toLowerCase() === request.scope.toLowerCase() &&
    assignment.principalId === request.principalId.toLowerCase() &&
    assignment.roleGuid === request.roleGuid.toLowerCase()
  );
}
