import { LAG_KINDS, type LagKind } from "./records";

/** Seconds of lag, for all kinds or for some. */
export type ReplicationLag = number | Partial<Record<LagKind, number>>;

/** How long a new object of each kind stays unknown to those who depend on it. */
export class Replication {
  private seconds = new Map<LagKind, number>();

  constructor(lag: ReplicationLag = 0) {
    this.set(lag);
  }

  /** A number sets all kinds; an object sets the named kinds and leaves the rest. */
  set(lag: ReplicationLag): void {
    for (const kind of LAG_KINDS) {
      const value = typeof lag === "number" ? lag : lag[kind];
      if (value !== undefined) this.seconds.set(kind, value);
    }
  }

  isReplicated(kind: LagKind, createdAt: Date, now: Date): boolean {
    const seconds = this.seconds.get(kind) ?? 0;
    return seconds === 0 || now.getTime() >= createdAt.getTime() + seconds * 1000;
  }
}
