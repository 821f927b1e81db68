/** Where the package comes from, until it is in a registry: a release of its repository. */
const PACKAGE_SOURCE = {
  repository: "https://github.com/OWNER/himl-service-principal.git",
  tag: "v0.1.0",
} as const;

/** For `dependencies` of package.json, and for `npm install`. */
export function npmSource(given: string | undefined): string {
  return given ?? `git+${PACKAGE_SOURCE.repository}#${PACKAGE_SOURCE.tag}`;
}

/** For `packages` of a Pulumi.yaml, as `pulumi package add` takes it. */
export function pluginSource(given: string | undefined): string {
  return given ?? `${PACKAGE_SOURCE.repository}/plugin@${PACKAGE_SOURCE.tag}`;
}
