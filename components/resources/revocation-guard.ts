import * as pulumi from "@pulumi/pulumi";

/** Options of children that a renewal or a destroy has to remove, whatever option the component has. */
export const REPLACEABLE = { protect: false, retainOnDelete: false };

/** What a destroy revokes, by type and by how the component calls it. */
const REVOKED: readonly [type: RegExp, kind: string][] = [
  [/:ApplicationPassword$/, "secret"],
  [/:Application(Federated|Flexible)\w*IdentityCredential$/, "trust"],
  [/:RoleAssignment$/, "role"],
  [/:keyvault:Secret$/, "key-vault"],
];

type Options = pulumi.CustomResourceOptions;
type Guarded = "protect" | "retainOnDelete" | "deletedWith" | "ignoreChanges" | "id" | "urn";

/**
 * Sees every resource below a component after all else that changes its options, and takes back what would leave a
 * secret, a trust or a role in Azure when it is renewed or destroyed. It changes rather than refuses, since much of it
 * comes from transformations of a whole stack, and none of it must fail half-way.
 *
 * It cannot be the last one everywhere: docs/resource-options.md says where something else has the last word.
 */
export class RevocationGuard {
  /** Whether a destroy leaves the application in Azure: then nothing goes with it. */
  keepsApplication = false;
  private application: pulumi.Resource | undefined;
  private isLast = false;
  private readonly told = new Set<string>();

  constructor(private readonly name: string) {}

  /** The options of the component itself, with this guard behind its own transformations and transforms. */
  join(opts: pulumi.ComponentResourceOptions): pulumi.ComponentResourceOptions {
    this.keepsApplication = opts.protect === true || opts.retainOnDelete === true;
    return {
      ...opts,
      transformations: [...(opts.transformations ?? []), this.transformation],
      ...(opts.transforms?.length && { transforms: [...opts.transforms, this.transform] }),
    };
  }

  /** The options of a child that a `transform` of the component changed. */
  afterTransform(given: pulumi.CustomResourceOptions, changed: pulumi.CustomResourceOptions) {
    // With another parent, nothing here would see it.
    const { parent } = given;
    const { transforms = [] } = changed;
    return {
      ...changed,
      parent,
      ...(transforms.length > 0 && { transforms: [...transforms, this.transform] }),
    };
  }

  private readonly transformation: pulumi.ResourceTransformation = ({
    resource,
    type,
    name,
    props,
    opts,
  }) => {
    // The list is inherited from the component, and gone through as it is: at its end, this comes after those of the stack.
    const { __transformations: all } = resource as unknown as { __transformations?: unknown[] };
    if (name === this.name && all && !this.isLast) {
      this.isLast = true;
      all.push(this.transformation);
      return undefined;
    }
    this.look(type, name, opts, resource);
    const wrong = this.findWrong(type, name, props, opts, (one) => one === this.application);
    return wrong.length === 0 ? undefined : { props, opts: this.mend(name, opts, wrong) };
  };

  /** As `transformation`, for what the engine calls: there resources are known by their URNs. */
  readonly transform: pulumi.ResourceTransform = async ({ type, name, props, opts }) => {
    this.look(type, name, opts);
    // The application's own URN is known only after this.
    const [given, own] = await Promise.all(
      opts.deletedWith ? [opts.deletedWith, this.application].map(urnOf) : [],
    );
    const wrong = this.findWrong(type, name, props, opts, () => given === own);
    return wrong.length === 0 ? undefined : { props, opts: this.mend(name, opts, wrong) };
  };

  /** Notes what becomes of the component and of the application: children follow them. */
  private look(type: string, name: string, opts: Options, resource?: unknown): void {
    const isApplication = name === `${this.name}-application` && type.endsWith(":Application");
    if (isApplication && resource) this.application = resource as pulumi.Resource;
    if (isApplication || name === this.name)
      this.keepsApplication ||= Boolean(opts.protect || opts.retainOnDelete);
  }

  private findWrong(
    type: string,
    name: string,
    props: object,
    opts: Options,
    isApplication: (resource: pulumi.Resource) => boolean,
  ): Guarded[] {
    const { deletedWith, ignoreChanges = [] } = opts;
    // Children take over what the component has.
    if (name === this.name) return deletedWith ? ["deletedWith"] : [];
    const kind = REVOKED.find(([pattern]) => pattern.test(type))?.[1];
    if (kind === undefined || !name.startsWith(`${this.name}-${kind}-`)) return [];
    const goesWithIt = kind === "trust" && !this.keepsApplication;
    const isIgnored = (path: string) => rootOf(path) === "*" || rootOf(path) in props;
    return (
      [
        ["protect", opts.protect === true],
        ["retainOnDelete", opts.retainOnDelete === true],
        ["deletedWith", deletedWith && !(goesWithIt && isApplication(deletedWith))],
        ["ignoreChanges", ignoreChanges.some(isIgnored)],
        ["id", Boolean(opts.id)],
        ["urn", Boolean(opts.urn)],
      ] as const
    ).flatMap(([option, isWrong]) => (isWrong ? [option] : []));
  }

  private mend(name: string, opts: Options, wrong: readonly Guarded[]): Options {
    const right = { ...opts };
    for (const option of wrong) {
      if (option === "protect" || option === "retainOnDelete") right[option] = false;
      else delete right[option];
      const isOurs = option === "deletedWith" && this.keepsApplication;
      if (isOurs || this.told.has(option)) continue;
      this.told.add(option);
      void pulumi.log.warn(
        `${this.name}: a transform sets the resource option ${option} (first on ${name}). The component ignores it: with it, a renewal or a destroy could not remove everything from Azure.`,
      );
    }
    return right;
  }
}

/** The property that a path of `ignoreChanges` begins with: `tags`, `tags.x`, `["tags"]`. */
function rootOf(path: string): string {
  return /^(?:\["?)?([^."[\]]+)/.exec(path)?.[1] ?? path;
}

async function urnOf(resource: pulumi.Resource | undefined): Promise<string | undefined> {
  // `promise` is internal in the types of Pulumi.
  return (resource?.urn as unknown as { promise(): Promise<string> } | undefined)?.promise();
}
