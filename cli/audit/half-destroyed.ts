import type { PrincipalDetails } from "../../components/details";
import { type Deployment, type StateResource, TYPES } from "./deployment";

/**
 * Whether a component has lost, or is losing, what its own outputs still name. An `up` updates the outputs before it
 * removes anything. `destroy` leaves them unchanged until everything else is gone. A run that was killed leaves no entry in
 * the history, so there is no other sign of what it was.
 *
 * `perhaps`: no operation was pending, so a refresh may have found that the thing no longer exists in Azure.
 */
export function isHalfDestroyed(component: StateResource, deployment: Deployment): "yes" | "perhaps" | "no" {
  const { resources = [], pending_operations: pending = [] } = deployment;
  const kinds = listDeclared(component);
  const children = resources.filter(
    ({ parent, delete: isLeaving }) => parent === component.urn && !isLeaving,
  );
  const isGoing = ({ urn, id }: StateResource) =>
    pending.some(({ type, resource }) => type === "deleting" && resource.urn === urn && resource.id === id);

  const found = kinds.map(({ types, count, id }) => {
    const present = children.filter((one) => types.includes(one.type) && (!id || one.id?.endsWith(id)));
    const going = present.filter(isGoing).length;
    return { isGoing: going > 0, isLess: present.length - going < count };
  });
  const less = found.filter(({ isLess }) => isLess);
  if (less.length === 0) return "no";
  return less.some((one) => one.isGoing) ? "yes" : "perhaps";
}

interface DeclaredKind {
  readonly types: readonly string[];
  readonly count: number;
  readonly id?: string | undefined;
}

function listDeclared({ outputs }: StateResource): DeclaredKind[] {
  const details = outputs?.["details"] as Partial<PrincipalDetails> | undefined;
  if (typeof details !== "object" || details === null) return [];
  const count = (list: unknown) => (Array.isArray(list) ? list.length : 0);
  const one = (type: string, id: string | undefined) => ({
    types: [type],
    count: id === undefined ? 0 : 1,
    id,
  });
  const kinds: DeclaredKind[] = [
    { types: [TYPES.secret], count: count(details.secrets) },
    { types: [TYPES.role], count: count(details.roles) },
    one(TYPES.application, details.applicationObjectId),
    one(TYPES.principal, details.servicePrincipalObjectId),
  ].filter((kind) => kind.count > 0);
  // A trust is removed before another one takes its place, in an `up` too: it counts only where nothing else grants access.
  const hasOthers = count(details.secrets) + count(details.roles) > 0;
  return hasOthers
    ? kinds
    : [...kinds, { types: [TYPES.trust, TYPES.flexibleTrust], count: count(details.trusts) }];
}
