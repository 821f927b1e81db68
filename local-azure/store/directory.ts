import type { DirectoryClock } from "../clock";
import type { IdSource } from "../ids";
import type {
  ApplicationRecord,
  DeletedRecord,
  GraphPermission,
  JsonObject,
  PrincipalRecord,
} from "./records";
import type { Replication } from "./replication";
import { RuleViolation } from "./violations";

const RECYCLE_BIN_DAYS = 30;

/** The applications and service principals of one tenant, and its recycle bin. */
export class Directory {
  readonly applications = new Map<string, ApplicationRecord>();
  readonly principals = new Map<string, PrincipalRecord>();
  private readonly deleted = new Map<string, DeletedRecord>();

  constructor(
    readonly tenantId: string,
    readonly tenantName: string,
    private readonly ids: IdSource,
    private readonly clock: DirectoryClock,
    readonly replication: Replication,
  ) {}

  createApplication(
    attributes: JsonObject,
    owners: readonly string[],
    now: Date,
    initial = false,
  ): ApplicationRecord {
    const application: ApplicationRecord = {
      id: this.ids.guid("application"),
      appId: this.ids.guid("appId"),
      attributes,
      createdAt: now,
      initial,
      passwords: [],
      federatedCredentials: [],
      owners: [...owners],
    };
    this.applications.set(application.id, application);
    return application;
  }

  application(id: string): ApplicationRecord {
    const application = this.applications.get(id.toLowerCase());
    if (application === undefined) throw new RuleViolation("objectNotFound", { id });
    return application;
  }

  findApplicationByAppId(appId: string): ApplicationRecord | undefined {
    const wanted = appId.toLowerCase();
    return [...this.applications.values()].find((application) => application.appId === wanted);
  }

  /**
   * Applies a patch. Right after its creation an application may not be known everywhere yet: azuread retries
   * such a 404, which is why the lag shows here and not on reading.
   */
  updateApplication(id: string, change: (attributes: JsonObject) => JsonObject, now: Date): void {
    const application = this.application(id);
    if (!this.replication.isReplicated("application", application.createdAt, now))
      throw new RuleViolation("objectNotFound", { id });
    application.attributes = change(application.attributes);
  }

  /** Moves an application to the recycle bin, and its principal with it. */
  deleteApplication(id: string, now: Date): void {
    const application = this.application(id);
    const principal = this.findPrincipalByAppId(application.appId);
    if (principal !== undefined) this.deletePrincipal(principal.id, now);
    this.applications.delete(application.id);
    this.deleted.set(application.id, { kind: "application", record: application, deletedAt: now });
  }

  createPrincipal(
    appId: string,
    attributes: JsonObject,
    owners: readonly string[],
    now: Date,
    options: { initial?: boolean; graphPermissions?: readonly GraphPermission[]; createdAt?: Date } = {},
  ): PrincipalRecord {
    const application = this.findApplicationByAppId(appId);
    if (
      application === undefined ||
      !this.replication.isReplicated("application", application.createdAt, now)
    )
      throw new RuleViolation("appIdNotFound", { appId });
    if (this.findPrincipalByAppId(appId) !== undefined) throw new RuleViolation("principalExists", { appId });
    const principal: PrincipalRecord = {
      id: this.ids.guid("servicePrincipal"),
      appId: application.appId,
      attributes,
      createdAt: options.createdAt ?? now,
      initial: options.initial ?? false,
      graphPermissions: options.graphPermissions ?? [],
      owners: [...owners],
    };
    this.principals.set(principal.id, principal);
    return principal;
  }

  principal(id: string): PrincipalRecord {
    const principal = this.principals.get(id.toLowerCase());
    if (principal === undefined) throw new RuleViolation("objectNotFound", { id });
    return principal;
  }

  findPrincipalByAppId(appId: string): PrincipalRecord | undefined {
    const wanted = appId.toLowerCase();
    return [...this.principals.values()].find((principal) => principal.appId === wanted);
  }

  deletePrincipal(id: string, now: Date): void {
    const principal = this.principal(id);
    this.principals.delete(principal.id);
    const displayName = this.displayNameOf(principal);
    this.deleted.set(principal.id, {
      kind: "servicePrincipal",
      record: principal,
      displayName,
      deletedAt: now,
    });
  }

  /** What is in the recycle bin: Entra empties it after 30 days. */
  deletedItems(now: Date = this.clock.now()): DeletedRecord[] {
    for (const [id, item] of this.deleted)
      if (now.getTime() >= item.deletedAt.getTime() + RECYCLE_BIN_DAYS * 86_400_000) this.deleted.delete(id);
    return [...this.deleted.values()];
  }

  deletedItem(id: string, now: Date): DeletedRecord {
    const item = this.deletedItems(now).find(({ record }) => record.id === id.toLowerCase());
    if (item === undefined) throw new RuleViolation("objectNotFound", { id });
    return item;
  }

  /**
   * Puts an object back where it was. An application keeps what it held when it was deleted. A principal needs
   * its application, and must still be the only one for it.
   */
  restore(item: DeletedRecord, now: Date): void {
    if (item.kind === "application") this.applications.set(item.record.id, item.record);
    else {
      const { appId } = item.record;
      if (this.findApplicationByAppId(appId) === undefined)
        throw new RuleViolation("appIdNotFound", { appId });
      if (this.findPrincipalByAppId(appId) !== undefined)
        throw new RuleViolation("principalExists", { appId });
      this.principals.set(item.record.id, item.record);
    }
    this.purge(item.record.id, now);
  }

  purge(id: string, now: Date): void {
    this.deleted.delete(this.deletedItem(id, now).record.id);
  }

  /** The domain that Entra gives every tenant. */
  get domain(): string {
    return `${this.tenantName.toLowerCase().replaceAll(" ", "")}.onmicrosoft.com`;
  }

  displayNameOf(principal: PrincipalRecord): unknown {
    return (
      principal.attributes.displayName ?? this.findApplicationByAppId(principal.appId)?.attributes.displayName
    );
  }
}
