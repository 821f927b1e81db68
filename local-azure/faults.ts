import { z } from "zod";
import type { Api, Call } from "./call";

const APIS = ["oauth", "graph", "arm", "vault", "metadata"] as const satisfies readonly Api[];

/** What a bad day looks like to a caller. */
export const faultSchema = z.strictObject({
  match: z
    .strictObject({
      /** HTTP method; left out, all. */
      method: z.string().optional(),
      /** Regular expression, not anchored, without regard to case, on the path without its query. */
      path: z.string().refine(isRegularExpression, { message: "must be a regular expression" }).optional(),
      api: z.enum(APIS).optional(),
      /** The first matching request that the fault hits: 2 skips one. Counting starts when the fault is added. */
      count: z.int().positive().default(1),
    })
    .prefault({}),
  /** How many requests it hits. */
  times: z.int().positive().default(1),
  /** True: the call takes effect and only its answer is lost. */
  carriedOut: z.boolean().default(false),
  /**
   * "lag": what the service says while the object that the request speaks of has not replicated. "conditionalAccess":
   * what the token service says where a policy blocks the login (AADSTS53003); other services do not hit with it.
   */
  answer: z.union([
    z.literal(429),
    z.literal(500),
    z.literal(503),
    z.literal("lag"),
    z.literal("conditionalAccess"),
    z.literal("reset"),
    z.literal("hang"),
  ]),
  /** Seconds, sent as `Retry-After` with 429 and 503. */
  retryAfter: z.int().nonnegative().optional(),
});

/** A fault, as a caller describes it. */
export type Fault = z.input<typeof faultSchema>;

/** A fault that hits one request. */
export type StrikingFault = z.output<typeof faultSchema>;

/** A fault that was added, for tests that must know when it hits. */
export interface AddedFault {
  /** Resolves when the fault hits for the first time; with `carriedOut`, after the call took effect. */
  readonly struck: Promise<void>;
}

interface WaitingFault {
  readonly fault: StrikingFault;
  spared: number;
  left: number;
  readonly announce: () => void;
}

/** The faults that wait for a request. */
export class FaultList {
  private waiting: WaitingFault[] = [];

  add(fault: Fault): AddedFault {
    const checked = faultSchema.parse(fault);
    let announce = (): void => undefined;
    const struck = new Promise<void>((resolve) => (announce = resolve));
    this.waiting.push({ fault: checked, spared: checked.match.count - 1, left: checked.times, announce });
    return { struck };
  }

  clear(): void {
    this.waiting = [];
  }

  /** What is still to come, in the order in which it was added. */
  all(): (StrikingFault & { left: number })[] {
    return this.waiting.map(({ fault, left }) => ({ ...fault, left }));
  }

  /** The first fault that hits this request, counted down. Every fault that matches counts the request. */
  take(call: Pick<Call, "method" | "path" | "api">): (StrikingFault & { announce: () => void }) | undefined {
    const ready: WaitingFault[] = [];
    for (const one of this.waiting.filter(({ fault }) => matches(fault, call)))
      if (one.spared > 0) one.spared -= 1;
      else ready.push(one);
    const [found] = ready;
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left === 0) this.waiting = this.waiting.filter((other) => other !== found);
    return { ...found.fault, announce: found.announce };
  }
}

function matches({ match, answer }: StrikingFault, call: Pick<Call, "method" | "path" | "api">): boolean {
  return (
    (answer !== "conditionalAccess" || call.api === "oauth") &&
    (match.method === undefined || match.method.toUpperCase() === call.method) &&
    (match.api === undefined || match.api === call.api) &&
    (match.path === undefined || new RegExp(match.path, "i").test(call.path))
  );
}

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
