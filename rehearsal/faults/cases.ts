import type { Fault } from "../../local-azure/local-azure";
import { type LifeRequest, labelOf, matchOf, type Phase } from "./life";

/** What can hit one request. `kill`: the engine dies while it waits for the answer. */
const REQUEST_FAULTS = {
  "dropped before": { answer: "reset" },
  "answer lost": { answer: "reset", carriedOut: true },
  "engine killed before": { answer: "hang", kill: true },
  "engine killed after": { answer: "hang", carriedOut: true, kill: true },
  "503 three times": { answer: 503, times: 3 },
  "429 with Retry-After": { answer: 429, retryAfter: 1 },
  "404 from replication lag": { answer: "lag" },
} as const satisfies Record<string, Omit<Fault, "match"> & { kill?: boolean }>;

type RequestFault = keyof typeof REQUEST_FAULTS;

/** What can hit a run as a whole. */
type RunFault = "power cut" | "power cut, checkpoint cut in half" | "two runs at once";

/** One row of the table. */
export interface FaultCase {
  readonly phase: Phase["name"];
  readonly fault: RequestFault | RunFault;
  /** The request that is hit, or the write of the state after which the power goes. */
  readonly where: string;
  readonly request?: LifeRequest;
  readonly stateWrite?: number;
}

/** What a phase is made of when all goes well. */
export interface PhaseRecord {
  readonly phase: Phase["name"];
  readonly requests: readonly LifeRequest[];
  /** How often the engine writes the state. */
  readonly stateWrites: number;
}

/** Every request times every fault that can hit it, and what can hit each run. */
export function listCases(life: readonly PhaseRecord[]): FaultCase[] {
  return life.flatMap(({ phase, requests, stateWrites }) => [
    ...requests.flatMap((request) =>
      faultsOf(request).map((fault) => ({ phase, fault, where: labelOf(request), request })),
    ),
    ...Array.from({ length: stateWrites }, (_, i) => i + 1).flatMap((stateWrite) =>
      (["power cut", "power cut, checkpoint cut in half"] as const).map((fault) => ({
        phase,
        fault,
        where: `after write ${stateWrite} of the state`,
        stateWrite,
      })),
    ),
    { phase, fault: "two runs at once" as const, where: "the run" },
  ]);
}

function faultsOf(request: LifeRequest): RequestFault[] {
  const all = Object.keys(REQUEST_FAULTS) as RequestFault[];
  return all.filter((fault) => {
    // A read takes no effect whose answer could be lost.
    if ("carriedOut" in REQUEST_FAULTS[fault]) return request.method !== "GET";
    // What speaks of no object that was just made cannot come too early.
    if (fault === "404 from replication lag") return speaksOfAnObject(request);
    return true;
  });
}

function speaksOfAnObject({ method, path }: LifeRequest): boolean {
  if (/\/roleAssignments\//.test(path)) return true;
  if (/\/servicePrincipals$/.test(path)) return method === "POST";
  return /^\/(v1\.0|beta)\/(applications|servicePrincipals)\/\{id\}/.test(path);
}

export function idOf({ phase, fault, where }: FaultCase): string {
  return `${phase}: ${where}: ${fault}`;
}

/** The fault as the local Azure takes it, and whether the engine dies of it. */
export function faultOf(fault: RequestFault, request: LifeRequest): { fault: Fault; kill: boolean } {
  const { kill, ...rest }: Omit<Fault, "match"> & { kill?: boolean } = REQUEST_FAULTS[fault];
  return { fault: { ...rest, match: matchOf(request) }, kill: kill ?? false };
}

export function isRequestFault(fault: FaultCase["fault"]): fault is RequestFault {
  return fault in REQUEST_FAULTS;
}
