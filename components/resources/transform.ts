import type * as pulumi from "@pulumi/pulumi";
import type { Transforms } from "../himl-service-principal-args";

/** The argument `transform`, by the type of the resource. */
const KINDS: readonly [type: RegExp, kind: keyof Transforms][] = [
  [/:Application$/, "application"],
  [/:ServicePrincipal$/, "servicePrincipal"],
  [/:ApplicationPassword$/, "secret"],
  [/:Application(?:Federated|Flexible)\w*IdentityCredential$/, "trust"],
  [/:RoleAssignment$/, "roleAssignment"],
  [/:keyvault:Secret$/, "keyVaultSecret"],
];

type Change = (
  args: object,
  opts: pulumi.ResourceOptions,
  name: string,
) => { args?: object; opts?: pulumi.ResourceOptions } | undefined;

/** Calls the `transform` of a child's kind. What somebody else registered is only read, so nothing is changed there. */
export function callTransforms(owner: string, transforms: Transforms = {}): pulumi.ResourceTransformation {
  return ({ type, name, props, opts }) => {
    const kind = KINDS.find(([pattern]) => pattern.test(type))?.[1];
    const transform = kind && transforms[kind];
    const isOwn = name.startsWith(`${owner}-`) && (opts as pulumi.CustomResourceOptions).id === undefined;
    if (!isOwn || transform === undefined) return undefined;
    const given = { props: { ...(props as object) }, opts: { ...opts } };
    const changed =
      typeof transform === "function"
        ? (transform as Change)(given.props, given.opts, name)
        : { args: transform };
    // Pulumi lets no transformation change the parent.
    return {
      props: { ...given.props, ...changed?.args },
      opts: { ...given.opts, ...changed?.opts, ...(opts.parent && { parent: opts.parent }) },
    };
  };
}
