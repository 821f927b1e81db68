import type { PrincipalDetails } from "../../components/details";
import { type Deployment, type StateResource, TYPES } from "./deployment";

/**
 * Whether a component has lost secrets or roles that its own outputs still name. An `up` removes only what the program no
 * longer declares, and says so in the outputs before it removes anything. `destroy` leaves the outputs as they are until
 * all else is gone. A run that was killed leaves no entry in the history, and so no other trace of what it was.
 */
export function isHalfDestroyed(component: StateResource, deployment: Deployment): boolean {
  const { resources = [], pending_operations: pending = [] } = deployment;
  const declared = readDeclared(component);
  if (declared === undefined) return false;
  const children = resources.filter(
    ({ parent, delete: isLeaving }) => parent === component.urn && !isLeaving,
  );
  const isGoing = ({ urn, id }: StateResource) =>
    pending.some(({ type, resource }) => type === "deleting" && resource.urn === urn && resource.id === id);
  // A trust is removed before another one takes its place, in an `up` too: it counts only where there is nothing else.
  const kinds: { types: readonly string[]; count: number }[] = [
    { types: [TYPES.secret], count: declared.secrets },
    { types: [TYPES.role], count: declared.roles },
  ].filter(({ count }) => count > 0);
  if (kinds.length === 0) kinds.push({ types: [TYPES.trust, TYPES.flexibleTrust], count: declared.trusts });

  const found = kinds.map(({ types, count }) => {
    const present = children.filter(({ type }) => types.includes(type));
    const going = present.filter(isGoing).length;
    return { isGoing: going > 0, isLess: present.length - going < count };
  });
  const less = found.filter(({ isLess }) => isLess);
  if (less.length === 0) return false;
  // A refresh loses what is missing in Azure, and nothing else: it keeps the mark of the secret's period, which `destroy`
  // removes first, since it depends on the secret. That of the period before stays for longer.
  return less.some((one) => one.isGoing) || !children.some(({ urn }) => declared.isCurrentMark(urn));
}

const DAY_MS = 86_400_000;

function readDeclared({ outputs }: StateResource) {
  const details = outputs?.["details"] as Partial<PrincipalDetails> | undefined;
  if (typeof details !== "object" || details === null) return undefined;
  const count = (list: unknown) => (Array.isArray(list) ? list.length : 0);
  const current = count(details.secrets) > 0 ? details.secrets!.find((secret) => secret.current) : undefined;
  const age = (Date.parse(current?.starts ?? "") - Date.parse(details.secretsSince ?? "")) / DAY_MS;
  return {
    secrets: count(details.secrets),
    roles: count(details.roles),
    trusts: count(details.trusts),
    isCurrentMark: (urn: string) => {
      const [, days, period] = /-period-(\d+)-\d+-(\d+)$/.exec(urn) ?? [];
      return Number(days) * Number(period) === age;
    },
  };
}
