import { Refusal } from "../refusal";
import type { SecretVersion, VaultRecord, VaultSecretRecord } from "./records";
import type { Store } from "./store";

const DAY_MS = 86_400_000;

/** The attributes of a version to write. Omitted ones get their default in a new version, and stay in a change. */
export interface SecretContent {
  readonly contentType?: string | null | undefined;
  readonly enabled?: boolean | null | undefined;
  readonly notBefore?: number | null | undefined;
  readonly expires?: number | null | undefined;
  readonly tags?: Readonly<Record<string, string>> | null | undefined;
  readonly operations?: readonly string[] | null | undefined;
}

/** A secret that can still be recovered, and until when. */
export interface DeletedSecret {
  readonly secret: VaultSecretRecord;
  readonly deletedAt: Date;
  readonly purgedAt: Date;
}

/**
 * The secrets of one vault, or its keys: both have versions, and are deleted in the same way. Soft delete is always
 * on, as in every new vault of Azure since 2025.
 */
export class VaultObjects {
  constructor(
    private readonly store: Store,
    private readonly vault: VaultRecord,
    private readonly now: Date,
    private readonly kind: "secret" | "key" = "secret",
  ) {}

  all(): VaultSecretRecord[] {
    return this.rows().filter((secret) => secret.deletedAt === null && !this.isBeingRecovered(secret));
  }

  /** The secret, or the refusal of Key Vault. */
  find(name: string): VaultSecretRecord {
    const secret = this.get(name);
    if (secret?.deletedAt !== null || this.isBeingRecovered(secret))
      throw this.refuse(`${this.kind}NotFound`, name);
    return secret;
  }

  /** A version of a secret; the latest one where none is named. */
  findVersion(name: string, version = ""): SecretVersion {
    const { versions } = this.find(name);
    const found = version === "" ? versions.at(-1) : versions.find((one) => one.version === version);
    if (found === undefined) throw this.refuse(`${this.kind}NotFound`, `${name}/${version}`);
    return found;
  }

  /** Writes a new version. A name that can still be recovered cannot be used. */
  set(name: string, value: string, content: SecretContent, version: string): VaultSecretRecord {
    const former = this.get(name);
    if (former !== undefined && this.isBeingRecovered(former))
      throw this.refuse("objectBeingRecovered", name);
    if (former !== undefined && former.deletedAt !== null)
      throw this.refuse(this.isBeingDeleted(former) ? "objectBeingDeleted" : "objectDeleted", name);
    const { seconds } = this;
    const written: SecretVersion = {
      version,
      value,
      contentType: content.contentType ?? null,
      enabled: content.enabled ?? true,
      notBefore: content.notBefore ?? null,
      expires: content.expires ?? null,
      created: seconds,
      updated: seconds,
      tags: content.tags ?? {},
      ...(content.operations ? { operations: content.operations } : {}),
    };
    return this.put({
      vault: this.vault.name,
      name: former?.name ?? name,
      versions: [...(former?.versions ?? []), written],
      deletedAt: null,
    });
  }

  /** Changes what is said about a version; its value stays. */
  update(name: string, version: string, content: SecretContent): SecretVersion {
    const secret = this.find(name);
    const former = this.findVersion(name, version);
    const changed: SecretVersion = {
      ...former,
      contentType: content.contentType === undefined ? former.contentType : content.contentType,
      enabled: content.enabled ?? former.enabled,
      notBefore: content.notBefore === undefined ? former.notBefore : content.notBefore,
      expires: content.expires === undefined ? former.expires : content.expires,
      tags: content.tags ?? former.tags,
      ...(content.operations ? { operations: content.operations } : {}),
      updated: this.seconds,
    };
    this.put({ ...secret, versions: secret.versions.map((one) => (one === former ? changed : one)) });
    return changed;
  }

  remove(name: string): DeletedSecret {
    return this.asDeleted(this.put({ ...this.find(name), deletedAt: this.now }), this.now);
  }

  allDeleted(): DeletedSecret[] {
    return this.rows().flatMap((secret) =>
      secret.deletedAt === null || this.isBeingDeleted(secret)
        ? []
        : [this.asDeleted(secret, secret.deletedAt)],
    );
  }

  findDeleted(name: string): DeletedSecret {
    const secret = this.get(name);
    if (secret === undefined || secret.deletedAt === null || this.isBeingDeleted(secret))
      throw this.refuse("deletedObjectNotFound", name);
    return this.asDeleted(secret, secret.deletedAt);
  }

  recover(name: string): VaultSecretRecord {
    this.requireDeletionOver(name);
    return this.put({ ...this.findDeleted(name).secret, deletedAt: null });
  }

  purge(name: string): void {
    this.requireDeletionOver(name);
    const { secret } = this.findDeleted(name);
    if (this.vault.purgeProtection) throw this.refuse("purgeForbidden", name);
    this.store.tables[this.table].delete(this.key(secret.name), this.now);
  }

  private requireDeletionOver(name: string): void {
    const secret = this.get(name);
    if (secret !== undefined && this.isBeingDeleted(secret)) throw this.refuse("deletionUnfinished", name);
  }

  private isBeingDeleted(secret: VaultSecretRecord): boolean {
    return secret.deletedAt !== null && (this.replica(secret)?.deletedAt ?? null) === null;
  }

  private isBeingRecovered(secret: VaultSecretRecord): boolean {
    return secret.deletedAt === null && (this.replica(secret)?.deletedAt ?? null) !== null;
  }

  /** What the rest of Key Vault knows of a secret. */
  private replica({ name }: VaultSecretRecord): VaultSecretRecord | undefined {
    return this.store.visible(this.now)[this.table].get(this.key(name));
  }

  private get table(): "vaultSecrets" | "vaultKeys" {
    return this.kind === "secret" ? "vaultSecrets" : "vaultKeys";
  }

  private refuse(rule: string, name: string): Refusal {
    const [first = "", ...rest] = this.kind;
    return new Refusal(rule, { name, kind: this.kind, Kind: first.toUpperCase() + rest.join("") });
  }

  private get seconds(): number {
    return Math.floor(this.now.getTime() / 1000);
  }

  private rows(): VaultSecretRecord[] {
    return this.store.tables[this.table]
      .all()
      .filter((secret) => secret.vault === this.vault.name && !this.isPurged(secret));
  }

  private get(name: string): VaultSecretRecord | undefined {
    const secret = this.store.tables[this.table].get(this.key(name));
    return secret === undefined || this.isPurged(secret) ? undefined : secret;
  }

  private put(secret: VaultSecretRecord): VaultSecretRecord {
    this.store.tables[this.table].put(this.key(secret.name), secret, this.now);
    return secret;
  }

  private key(name: string): string {
    return `${this.vault.name}/${name}`;
  }

  private asDeleted(secret: VaultSecretRecord, deletedAt: Date): DeletedSecret {
    return { secret, deletedAt, purgedAt: this.purgedAt(deletedAt) };
  }

  private purgedAt(deletedAt: Date): Date {
    return new Date(deletedAt.getTime() + this.vault.softDeleteRetentionInDays * DAY_MS);
  }

  private isPurged({ deletedAt }: VaultSecretRecord): boolean {
    return deletedAt !== null && this.purgedAt(deletedAt) <= this.now;
  }
}

/** Finds a vault by its name, which is unique in all of Azure. */
export function findVault(store: Store, name: string): VaultRecord | undefined {
  return store.tables.vaults.all().find((vault) => vault.name.toLowerCase() === name.toLowerCase());
}
