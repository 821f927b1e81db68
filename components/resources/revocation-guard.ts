import * as pulumi from "@pulumi/pulumi";

/** Options of children that a renewal or a destroy has to remove, whatever option the component has. */
export const REPLACEABLE = { protect: false, retainOnDelete: false };

/** What a destroy revokes: a secret, a trust, a role, a secret in a Key Vault. */
const REVOKED =
  /:(?:ApplicationPassword|Application(?:Federated|Flexible)\w*IdentityCredential|RoleAssignment|Secret)$/;

/**
 * Takes back options of children that would leave a secret, a trust or a role in Azure when it is renewed or destroyed.
 * It changes rather than refuses: much of it comes from transformations, and none of it must fail half-way.
 *
 * What comes after it, it cannot see: docs/resource-options.md names that.
 */
export class RevocationGuard {
  /** Whether a destroy leaves the application in Azure: then nothing goes with it. */
  keepsApplication = false;
  private application: pulumi.Resource | undefined;
  private readonly told = new Set<string>();

  constructor(private readonly name: string) {}

  readonly transformation: pulumi.ResourceTransformation = ({ resource, type, name, props, opts }) => {
    const isApplication = name === `${this.name}-application`;
    if (isApplication) this.application = resource;
    if (isApplication || name === this.name)
      this.keepsApplication ||= Boolean(opts.protect ?? false) || Boolean(opts.retainOnDelete ?? false);
    if (name === this.name && opts.deletedWith) {
      this.tell("deletedWith", name);
      const kept = { ...opts };
      delete kept.deletedWith;
      return { props, opts: kept };
    }
    if (!REVOKED.test(type) || !name.startsWith(`${this.name}-`)) return undefined;

    const given: pulumi.CustomResourceOptions = opts;
    const { deletedWith, ignoreChanges, id, urn, ...rest } = given;
    const isOurs = deletedWith === undefined || (deletedWith === this.application && !this.keepsApplication);
    const isIgnored = (path: string) => isSet(props, path);
    const wrong = {
      protect: opts.protect === true,
      retainOnDelete: opts.retainOnDelete === true,
      deletedWith: !isOurs,
      ignoreChanges: ignoreChanges?.some(isIgnored) ?? false,
      id: id !== undefined,
      urn: urn !== undefined,
    };
    for (const [option, isWrong] of Object.entries(wrong)) if (isWrong) this.tell(option, name);
    const right = {
      ...rest,
      ...REPLACEABLE,
      ...(isOurs && deletedWith && { deletedWith }),
      ...(!wrong.ignoreChanges && ignoreChanges && { ignoreChanges }),
    };
    return { props, opts: right };
  };

  private tell(option: string, name: string): void {
    if (this.told.has(option)) return;
    this.told.add(option);
    void pulumi.log.warn(
      `${this.name}: a transformation sets the resource option ${option} (first on ${name}). The component ignores it: with it, a renewal or a destroy could not remove everything from Azure.`,
    );
  }
}

/** Whether the component sets the property that a path of `ignoreChanges` begins with: `tags`, `tags.x`, `["tags"]`. */
function isSet(props: Record<string, unknown>, path: string): boolean {
  const root = /^(?:\["?)?([^."[\]]+)/.exec(path)?.[1] ?? path;
  return root === "*" || props[root] !== undefined;
}
