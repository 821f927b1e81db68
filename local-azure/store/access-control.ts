import { Refusal } from "../refusal";
import { ExpressionError } from "./boolean-expression";
import { type Attributes, parseCondition } from "./conditions";
import { groupsOf, principalTypeOf } from "./directory";
import type { RoleAssignmentRecord } from "./records";
import { isAtOrAbove } from "./resources";
import { allowsAction, allowsDataAction, findRole } from "./roles";
import type { Store, StoreView } from "./store";

const OWNER = findRole("Owner")!.guid;

/** What a caller says about a role assignment. */
interface RoleAssignmentRequest {
  readonly name: string;
  readonly scope: string;
  readonly principalId: string;
  readonly principalType: string | undefined;
  readonly roleGuid: string;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
  readonly description: string | null;
}

/** Something that a caller wants to do. */
export interface Access {
  readonly principalId: string;
  readonly action: string;
  /** The action is one on the data in the resource. */
  readonly onData?: boolean;
  readonly scope: string;
  /** What a condition can ask about the request, and about what is there. */
  readonly request?: Attributes;
  readonly resource?: Attributes;
}

/** Role assignments, and who may do what because of them. */
export class AccessControl {
  constructor(
    private readonly store: Store,
    private readonly tenantId: string,
  ) {}

  /** Creates an assignment, or changes the description and condition of the one with the same name. */
  assign(request: RoleAssignmentRequest, caller: string, now: Date, initial = false): RoleAssignmentRecord {
    if (findRole(request.roleGuid)?.guid !== request.roleGuid.toLowerCase())
      throw new Refusal("roleNotFound", { role: withoutDashes(request.roleGuid) });
    checkCondition(request);
    const named = this.find(request.scope, request.name);
    if (named !== undefined && !isSame(named, request)) throw new Refusal("roleAssignmentImmutable");
    const twin = this.store.tables.roleAssignments.all().find((other) => isSame(other, request));
    if (named === undefined && twin !== undefined)
      throw new Refusal("roleAssignmentExists", { name: withoutDashes(twin.name) });
    const assignment: RoleAssignmentRecord = {
      name: request.name.toLowerCase(),
      scope: request.scope,
      principalId: request.principalId.toLowerCase(),
      principalType: this.checkPrincipal(request, now),
      roleGuid: request.roleGuid.toLowerCase(),
      condition: request.condition,
      conditionVersion: request.conditionVersion,
      description: request.description,
      createdAt: named?.createdAt ?? now,
      updatedAt: now,
      createdBy: named?.createdBy ?? caller,
      updatedBy: caller,
      initial,
    };
    this.store.tables.roleAssignments.put(key(assignment.scope, assignment.name), assignment, now);
    return assignment;
  }

  find(scope: string, name: string, view: StoreView = this.store.tables): RoleAssignmentRecord | undefined {
    return view.roleAssignments.get(key(scope, name));
  }

  remove(scope: string, name: string, now: Date): RoleAssignmentRecord | undefined {
    const assignment = this.find(scope, name);
    if (assignment !== undefined && this.isLastOwner(assignment)) throw new Refusal("lastSubscriptionOwner");
    this.store.tables.roleAssignments.delete(key(scope, name), now);
    return assignment;
  }

  private isLastOwner({ scope, roleGuid }: RoleAssignmentRecord): boolean {
    if (roleGuid !== OWNER || !/^\/subscriptions\/[^/]+$/i.test(scope)) return false;
    const owners = this.store.tables.roleAssignments.all().filter((one) => one.roleGuid === OWNER);
    return owners.filter((one) => isAtOrAbove(one.scope, scope)).length === 1;
  }

  /** What a principal was given itself or through groups, and that has replicated. */
  of(principalId: string, now: Date): RoleAssignmentRecord[] {
    const view = this.store.visible(now);
    const holders = [principalId, ...groupsOf(view, principalId).map(({ id }) => id)];
    return view.roleAssignments.all().filter((assignment) => holders.includes(assignment.principalId));
  }

  /** The assignments of a principal that have effect at a scope: on it or above it. */
  effectiveAt(principalId: string, scope: string, now: Date): RoleAssignmentRecord[] {
    return this.of(principalId, now).filter((assignment) => isAtOrAbove(assignment.scope, scope));
  }

  isAllowed(
    { principalId, action, onData = false, scope, request = {}, resource = {} }: Access,
    now: Date,
  ): boolean {
    const allows = onData ? allowsDataAction : allowsAction;
    return this.effectiveAt(principalId, scope, now).some(({ roleGuid, condition }) => {
      const definition = findRole(roleGuid);
      return (
        definition !== undefined &&
        allows(definition, action) &&
        (condition === null || parseCondition(condition)({ action, request, resource }))
      );
    });
  }

  /** Whether a principal has a role on a scope, above it, or anywhere below it. */
  hasRoleWithin(principalId: string, scope: string, now: Date): boolean {
    return this.of(principalId, now).some(
      (assignment) => isAtOrAbove(assignment.scope, scope) || isAtOrAbove(scope, assignment.scope),
    );
  }

  /** With `principalType` Azure does not wait for replication: a principal that is new is accepted at once. */
  private checkPrincipal(
    { principalId, principalType }: RoleAssignmentRequest,
    now: Date,
  ): RoleAssignmentRecord["principalType"] {
    const view = principalType === undefined ? this.store.visible(now) : this.store.tables;
    const actual = principalTypeOf(view, principalId);
    const id = withoutDashes(principalId);
    if (actual === undefined) throw new Refusal("principalNotFound", { id, tenantId: this.tenantId });
    if (principalType !== undefined && principalType !== actual)
      throw new Refusal("principalTypeUnmatched", { id, actual, given: principalType });
    return actual;
  }
}

/** Conditions have one version, and must be understood, or nobody could say what they allow. */
function checkCondition({ condition, conditionVersion }: RoleAssignmentRequest): void {
  if (condition === null) return;
  if (conditionVersion !== "2.0") throw new Refusal("conditionInvalid");
  try {
    parseCondition(condition);
  } catch (error) {
    throw error instanceof ExpressionError ? new Refusal("conditionInvalid") : error;
  }
}

function key(scope: string, name: string): string {
  return `${scope}/${name}`;
}

function withoutDashes(guid: string): string {
  return guid.replaceAll("-", "");
}

function isSame(
  assignment: RoleAssignmentRecord,
  request: Pick<RoleAssignmentRequest, "scope" | "principalId" | "roleGuid">,
): boolean {
  return (
    assignment.scope.toLowerCase() === request.scope.toLowerCase() &&
    assignment.principalId === request.principalId.toLowerCase() &&
    assignment.roleGuid === request.roleGuid.toLowerCase()
  );
}
