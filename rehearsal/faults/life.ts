import type { LocalAzure, RequestRecord } from "../../local-azure/local-azure";
import type { Session } from "../engine/session";

/** A part of the life of a stack: one operation, after something that happens before it. */
export interface Phase {
  readonly name: "up" | "renew" | "change" | "destroy";
  readonly operation: "up" | "destroy";
  prepare(azure: LocalAzure, session: Session): Promise<void> | void;
}

const trustIn = (branch: string): string =>
  JSON.stringify([
    { github: { repository: "octocat/training", ownerId: 583231, repositoryId: 1296269, branch } },
  ]);

/** Into the next period of the secrets. */
const DAYS_TO_RENEWAL = 91;
/** From the first `up` to the renewal in which a secret goes: the second one. */
export const DAYS_TO_LAST_RENEWAL = 2 * DAYS_TO_RENEWAL;

/** All kinds of things that a stack makes, each made, replaced or updated, and removed. */
export const LIFE: readonly Phase[] = [
  {
    name: "up",
    operation: "up",
    prepare: (_azure, session) =>
      session.configure({ authentication: "both", federatedCredentials: trustIn("main") }),
  },
  {
    name: "renew",
    operation: "up",
    prepare: async (azure, session) => {
      azure.control.advanceClock({ days: DAYS_TO_RENEWAL });
      await session.deploy();
      azure.control.advanceClock({ days: DAYS_TO_RENEWAL });
    },
  },
  {
    name: "change",
    operation: "up",
    prepare: (_azure, session) =>
      session.configure({
        displayName: "himl-renamed",
        federatedCredentials: trustIn("release"),
        roles: JSON.stringify([{ role: "AzureML Data Scientist", scope: "workspace" }]),
      }),
  },
  { name: "destroy", operation: "destroy", prepare: () => undefined },
];

/** A request of a phase, by what it is: the same in every run, whatever IDs were made up. */
export interface LifeRequest {
  readonly phase: Phase["name"];
  readonly method: string;
  /** With a word in place of each ID. */
  readonly path: string;
  /** 2: the second one in the phase with this method and path. */
  readonly count: number;
}

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** The requests of Graph and Resource Manager, in a fixed order; what goes before each operation, its login, is left out. */
export function nameRequests(phase: Phase["name"], records: readonly RequestRecord[]): LifeRequest[] {
  const seen = new Map<string, number>();
  return records
    .filter(({ api }) => api === "graph" || api === "arm")
    .map(({ method, path }) => {
      const named = path.replace(ID, "{id}");
      const key = `${method} ${named}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      return { phase, method, path: named, count: seen.get(key)! };
    })
    .sort((one, other) => labelOf(one).localeCompare(labelOf(other), "en"));
}

/** How the table calls a request. */
export function labelOf({ method, path, count }: LifeRequest): string {
  return `${method} ${path}${count > 1 ? ` (${count})` : ""}`;
}

/** What a fault of the local Azure has to match. */
export function matchOf({ method, path, count }: LifeRequest): {
  method: string;
  path: string;
  count: number;
} {
  const pattern = path
    .split("{id}")
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[0-9a-f-]{36}");
  return { method, path: `^${pattern}$`, count };
}
