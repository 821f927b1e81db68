import type { IdSource } from "../ids";
import type * as records from "./records";
import { Table, type View } from "./table";

/** What is in the tables of the store. */
interface Rows {
  readonly applications: records.ApplicationRecord;
  readonly principals: records.PrincipalRecord;
  readonly passwords: records.PasswordRecord;
  readonly certificates: records.CertificateRecord;
  readonly federatedCredentials: records.FederatedCredentialRecord;
  readonly users: records.UserRecord;
  readonly groups: records.GroupRecord;
  readonly appRoleAssignments: records.AppRoleAssignmentRecord;
  readonly deletedItems: records.DeletedRecord;
  readonly roleAssignments: records.RoleAssignmentRecord;
  readonly scopeGrants: records.ScopeGrantRecord;
  readonly subscriptions: records.SubscriptionRecord;
  readonly resourceGroups: records.ResourceGroupRecord;
  readonly identities: records.IdentityRecord;
  readonly workspaces: records.WorkspaceRecord;
  readonly vaults: records.VaultRecord;
  readonly vaultSecrets: records.VaultSecretRecord;
  /** The value of a version is the private key, as PEM. */
  readonly vaultKeys: records.VaultSecretRecord;
}

const TABLES: readonly (keyof Rows)[] = [
  ...(["applications", "principals", "passwords", "certificates", "federatedCredentials", "users"] as const),
  ...(["groups", "appRoleAssignments", "deletedItems", "roleAssignments", "scopeGrants"] as const),
  ...([
    "subscriptions",
    "resourceGroups",
    "identities",
    "workspaces",
    "vaults",
    "vaultSecrets",
    "vaultKeys",
  ] as const),
];

type Tables = { readonly [Name in keyof Rows]: Table<Rows[Name]> };

/** All tables, as a reader sees them. */
export type StoreView = { readonly [Name in keyof Rows]: View<Rows[Name]> };

/**
 * The kinds of object whose replication can lag. Of the secrets in key vaults only a deletion and a recovery take their
 * time: a new secret and a new version are there at once.
 */
export const LAG_KINDS = [
  "application",
  "servicePrincipal",
  "secret",
  "federatedCredential",
  "roleAssignment",
  "appRoleAssignment",
  "deletedSecret",
] as const;
type LagKind = (typeof LAG_KINDS)[number];

/** Seconds of lag, for all kinds or for some. */
export type ReplicationLag = number | Partial<Record<LagKind, number>>;

/**
 * What a read may show. "own": objects at once, their credentials when they have replicated, as clients expect that
 * read back what they wrote. "past": whatever was there at some instant within the lag, another one at each read.
 */
export type ReadMode = "own" | "past";

const LAG_OF_TABLE: Readonly<Partial<Record<keyof Tables, LagKind>>> = {
  applications: "application",
  principals: "servicePrincipal",
  passwords: "secret",
  certificates: "secret",
  federatedCredentials: "federatedCredential",
  roleAssignments: "roleAssignment",
  appRoleAssignments: "appRoleAssignment",
  scopeGrants: "appRoleAssignment",
  vaultSecrets: "deletedSecret",
  vaultKeys: "deletedSecret",
};

/** In this mode only what belongs to an object is read from its replica. */
const LAGGING_OWN_READS: readonly LagKind[] = ["secret", "federatedCredential"];

/** Everything that the directory and Resource Manager keep, as it is now, and as it was. */
export class Store {
  private lagSeconds = new Map<LagKind, number>();
  readMode: ReadMode = "own";

  private constructor(
    /** As it is now: what writes go by. */
    public tables: Tables,
    private readonly ids: IdSource,
  ) {}

  static create(ids: IdSource, lag: ReplicationLag): Store {
    const tables = TABLES.map((name) => [name, new Table()]);
    const store = new Store(Object.fromEntries(tables) as Tables, ids);
    store.setLag(lag);
    return store;
  }

  /** A number sets all kinds; an object sets the named kinds and leaves the rest. */
  setLag(lag: ReplicationLag): void {
    for (const kind of LAG_KINDS) {
      const seconds = typeof lag === "number" ? lag : lag[kind];
      if (seconds !== undefined) this.lagSeconds.set(kind, seconds);
    }
  }

  /** What has replicated: what logins, role checks and calls that depend on an object go by. */
  visible(now: Date): StoreView {
    return this.view((kind) => this.ageOf(kind, now));
  }

  /** What a read shows. */
  readable(now: Date): StoreView {
    if (this.readMode === "past") {
      const share = this.ids.fraction("read");
      return this.view((kind) => {
        const instant = this.ageOf(kind, now);
        return instant === undefined ? undefined : now.getTime() - (now.getTime() - instant) * share;
      });
    }
    return this.view((kind) => (LAGGING_OWN_READS.includes(kind) ? this.ageOf(kind, now) : undefined));
  }

  /** All of it, to be given back to `restore`. */
  snapshot(): object {
    return { tables: copyOf(this.tables), lagSeconds: new Map(this.lagSeconds), readMode: this.readMode };
  }

  restore(snapshot: object): void {
    const { tables, lagSeconds, readMode } = snapshot as Pick<Store, "readMode"> & {
      tables: Tables;
      lagSeconds: Map<LagKind, number>;
    };
    this.tables = copyOf(tables);
    this.lagSeconds = new Map(lagSeconds);
    this.readMode = readMode;
  }

  /** Undefined: without lag a kind is shown as it is, wherever the directory's clock was moved to. */
  private ageOf(kind: LagKind, now: Date): number | undefined {
    const seconds = this.lagSeconds.get(kind) ?? 0;
    return seconds === 0 ? undefined : now.getTime() - seconds * 1000;
  }

  private view(instantOf: (kind: LagKind) => number | undefined): StoreView {
    const views = Object.entries(this.tables).map(([name, table]: [string, Table<unknown>]) => {
      const kind = LAG_OF_TABLE[name as keyof Tables];
      const instant = kind === undefined ? undefined : instantOf(kind);
      return [name, instant === undefined ? table : table.asOf(instant)];
    });
    return Object.fromEntries(views) as StoreView;
  }
}

function copyOf(tables: Tables): Tables {
  const copies = Object.entries(tables).map(([name, table]: [string, Table<unknown>]) => [
    name,
    table.copy(),
  ]);
  return Object.fromEntries(copies) as Tables;
}
