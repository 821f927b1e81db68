import { z } from "zod";
import type { Call } from "./http";

/** What a bad day looks like to a caller. */
export const faultSchema = z.strictObject({
  match: z
    .strictObject({
      /** HTTP method; left out, all. */
      method: z.string().optional(),
      /** Regular expression, not anchored, without regard to case, on the path without its query. */
      path: z.string().refine(isRegularExpression, { message: "must be a regular expression" }).optional(),
    })
    .default({}),
  /** How many requests it strikes. */
  times: z.int().positive().default(1),
  /** True: the call takes effect and only its answer is lost. */
  carriedOut: z.boolean().default(false),
  answer: z.union([z.literal(429), z.literal(500), z.literal(503), z.literal("reset"), z.literal("hang")]),
  /** Seconds, sent as `Retry-After` with 429 and 503. */
  retryAfter: z.int().nonnegative().optional(),
});

/** A fault, as a caller describes it. */
export type Fault = z.input<typeof faultSchema>;

/** A fault that strikes one request. */
export type StrikingFault = z.output<typeof faultSchema>;

/** The faults that wait for a request. */
export class FaultList {
  private waiting: { fault: StrikingFault; left: number }[] = [];

  add(fault: Fault): void {
    const checked = faultSchema.parse(fault);
    this.waiting.push({ fault: checked, left: checked.times });
  }

  clear(): void {
    this.waiting = [];
  }

  /** The first fault that matches, counted down. */
  take(call: Pick<Call, "method" | "path">): StrikingFault | undefined {
    const found = this.waiting.find(({ fault: { match } }) => {
      const methodMatches = match.method === undefined || match.method.toUpperCase() === call.method;
      return methodMatches && (match.path === undefined || new RegExp(match.path, "i").test(call.path));
    });
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left === 0) this.waiting = this.waiting.filter((other) => other !== found);
    return found.fault;
  }
}

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
