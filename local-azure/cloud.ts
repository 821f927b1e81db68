import type { JSONWebKeySet } from "jose";
import { DirectoryClock } from "./clock";
import { FaultList } from "./faults";
import { IdSource } from "./ids";
import type { TokenService } from "./oauth/tokens";
import { RequestLog } from "./request-log";
import { Store } from "./store/store";
import { NO_POLICY, type TenantPolicy } from "./store/tenant-policy";
import { createWorld, type World, type WorldOptions } from "./world";

/** How a cloud starts, and what a reset brings back. */
interface CloudOptions {
  readonly seed?: string;
  readonly now?: Date;
  readonly latencyMs: number;
  readonly replicationLagSeconds: number;
  readonly world: WorldOptions;
}

/** What a snapshot holds beside the store. */
interface Settings {
  readonly store: object;
  readonly clockOffsetMs: number;
  readonly issuers: ReadonlyMap<string, JSONWebKeySet>;
  readonly policy: TenantPolicy;
  readonly latencyMs: number;
}

/** The state of a local Azure at one moment, to be given back to `restore`. */
export interface Snapshot {
  readonly world: World;
  readonly settings: Settings;
}

/** Everything that requests change or read, in memory. */
export class Cloud {
  readonly clock: DirectoryClock;
  readonly ids: IdSource;
  readonly faults = new FaultList();
  readonly log = new RequestLog();
  /** OIDC issuers beside our own whose keys are trusted, by exact issuer. */
  issuers = new Map<string, JSONWebKeySet>();
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
    this.latencyMs = options.latencyMs;
    this.world = this.begin();
  }

  /** Back to the start: same IDs, same admin, no faults, no log. */
  reset(): void {
    this.clock.reset();
    this.ids.reset();
    this.faults.clear();
    this.log.clear();
    this.issuers.clear();
    this.policy = NO_POLICY;
    this.latencyMs = this.options.latencyMs;
    this.world = this.begin();
  }

  snapshot(): Snapshot {
    return {
      world: this.world,
      settings: {
        store: this.world.store.snapshot(),
        clockOffsetMs: this.clock.offsetMs,
        issuers: new Map(this.issuers),
        policy: this.policy,
        latencyMs: this.latencyMs,
      },
    };
  }

  /** Back to a snapshot, without faults and log. IDs and secrets are not made twice: what comes next gets new ones. */
  restore({ world, settings }: Snapshot): void {
    this.world = world;
    world.store.restore(settings.store);
    this.clock.offsetMs = settings.clockOffsetMs;
    this.issuers = new Map(settings.issuers);
    this.policy = settings.policy;
    this.latencyMs = settings.latencyMs;
    this.faults.clear();
    this.log.clear();
  }

  private begin(): World {
    const store = Store.create(this.ids, this.options.replicationLagSeconds);
    return createWorld(this.ids, this.clock, store, this.options.world);
  }
}
