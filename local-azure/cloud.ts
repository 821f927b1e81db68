import type { JSONWebKeySet } from "jose";
import { DirectoryClock } from "./clock";
import { FaultList } from "./faults";
import { IdSource } from "./ids";
import type { TokenService } from "./oauth/tokens";
import { RequestLog } from "./request-log";
import { Replication } from "./store/replication";
import { NO_POLICY, type TenantPolicy } from "./store/tenant-policy";
import { createWorld, type World } from "./world";

/** How a cloud starts, and what a reset brings back. */
export interface CloudOptions {
  readonly seed?: string;
  readonly now?: Date;
  readonly latencyMs: number;
  readonly replicationLagSeconds: number;
}

/** Everything that requests change or read, in memory. */
export class Cloud {
  readonly clock: DirectoryClock;
  readonly ids: IdSource;
  readonly faults = new FaultList();
  readonly log = new RequestLog();
  readonly replication: Replication;
  /** OIDC issuers beside our own whose keys are trusted, by exact issuer. */
  readonly issuers = new Map<string, JSONWebKeySet>();
  policy: TenantPolicy = NO_POLICY;
  latencyMs: number;
  world: World;
  /** The server's own address, `https://localhost:PORT`; known once it listens. */
  url = "";

  constructor(
    private readonly options: CloudOptions,
    readonly tokens: TokenService,
  ) {
    this.clock = new DirectoryClock(options.now);
    this.ids = new IdSource(options.seed);
    this.replication = new Replication(options.replicationLagSeconds);
    this.latencyMs = options.latencyMs;
    this.world = createWorld(this.ids, this.clock, this.replication);
  }

  /** Back to the start: same IDs, same admin, no faults, no log. */
  reset(): void {
    this.clock.reset();
    this.ids.reset();
    this.faults.clear();
    this.log.clear();
    this.issuers.clear();
    this.replication.set(this.options.replicationLagSeconds);
    this.policy = NO_POLICY;
    this.latencyMs = this.options.latencyMs;
    this.world = createWorld(this.ids, this.clock, this.replication);
  }
}
