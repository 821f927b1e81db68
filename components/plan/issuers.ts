import { domainToUnicode } from "node:url";
import { distance } from "fastest-levenshtein";
import { isVisible } from "./problems";

export const GITHUB_ISSUER = "https://token.actions.githubusercontent.com";

/** Issuers that many trust. None of them ends with a slash, though some pages show it. */
const KNOWN_ISSUERS = [
  GITHUB_ISSUER,
  "https://gitlab.com",
  "https://app.terraform.io",
  "https://vstoken.dev.azure.com",
  "https://login.microsoftonline.com",
  "https://accounts.google.com",
  "https://oidc.circleci.com",
  "https://api.bitbucket.org",
  "https://agent.buildkite.com",
  "https://api.pulumi.com",
];

/** Issuers that have a path, by what people write when a part of it is missing. */
const WITHOUT_PATH: readonly [written: RegExp, whole: string][] = [
  [/^https:\/\/vstoken\.dev\.azure\.com$/, "https://vstoken.dev.azure.com/ORGANIZATION_ID"],
  [/^https:\/\/login\.microsoftonline\.com(\/[^/]+)?$/, "https://login.microsoftonline.com/TENANT_ID/v2.0"],
  [/^https:\/\/oidc\.circleci\.com(\/org)?$/, "https://oidc.circleci.com/org/ORGANIZATION_ID"],
  [
    /^https:\/\/api\.bitbucket\.org$/,
    "https://api.bitbucket.org/2.0/workspaces/WORKSPACE/pipelines-config/identity/oidc",
  ],
];

/** GitHub on a company's own subdomain of ghe.com or server, and GitLab on a server of its own. */
const WITHOUT_SLASH =
  /^https:\/\/(?:token\.actions\.[^/]+\.ghe\.com(?:\/[^/]+)?|[^/]+\/_services\/token|gitlab\.[^/]+)\/+$/;
/** Azure Kubernetes Service, and tokens of Entra in the first version. */
const WITH_SLASH = /^https:\/\/(?:[^/]+\.oic\.prod-aks\.azure\.com\/.+|sts\.windows\.net\/[^/]+)$/;

/** Whether a text can be the `iss` of a token whose keys Entra can fetch. */
export function isIssuer(text: string): boolean {
  // `URL` would silently correct spaces, look-alike letters, a user name and the default port.
  if (!/^https:\/\/[!-~]+$/.test(text) || /[*?#\\"<>]/.test(text) || !isVisible(text)) return false;
  try {
    const url = new URL(text);
    const isSame = url.username === "" && url.password === "" && [text, `${text}/`].includes(url.href);
    return isSame && isPublic(url.hostname);
  } catch {
    return false;
  }
}

/** Entra fetches the keys over the internet: not from this machine, nor from inside a cluster. */
function isPublic(host: string): boolean {
  return !/(?:^|\.)(?:local|localhost)$|^127\.|^\[::1?\]$|^\.|\.\./.test(host);
}

const DISCOVERY = /\/\.well-known(\/.*)?$/;
// GitHub itself knows no other host that begins so; in a company's own subdomain of ghe.com it follows later.
const LIKE_GITHUB =
  /^(?:tokens?\.actions?\.github(?!.*\.ghe\.com$)|(?:www\.|api\.)?github\.com$|(?:[\w.-]+\.)?githubusercontent\.com$)/i;

/** The issuer that was probably meant. Undefined if the text can be one, and is similar to none that is known. */
export function nearMissOf(text: string): string | undefined {
  const wanted = text
    .trim()
    .replace(/^(["'`<])(.*)["'`>]$/s, "$2")
    .replace(/^(?:(?:https?)?:?[\\/]+)*/i, "https://")
    .replace(/^https:\/\/[^/]*@/, "https://")
    .replace(/^(https:\/\/)www\./, "$1")
    .replace(/^(https:\/\/[^/]*):443(?=\/|$)/, "$1")
    .replace(DISCOVERY, "");
  const bare = wanted.replace(/\/+$/, "");
  const [host = "", ...path] = bare.slice("https://".length).split("/");
  const shown = domainToUnicode(host.replace(/:\d+$/, "")) || host.replace(/:\d+$/, "");
  const known = KNOWN_ISSUERS.find((one) => isLike(shown, one));
  // Behind GitHub's own hosts stands a repository.
  const rest = /(^|\.)github\.com$/i.test(shown) ? [] : path;
  const spelled = known === undefined ? undefined : [known, ...rest].join("/");
  const whole = WITHOUT_PATH.find(([written]) => written.test(spelled ?? bare))?.[1];
  const meant = whole ?? spelled;
  if (meant !== undefined) return meant === text ? undefined : meant;
  if (WITHOUT_SLASH.test(wanted)) return bare;
  if (WITH_SLASH.test(wanted) && !wanted.endsWith("/")) return `${bare}/`;
  // Where the keys are told is no part of an issuer's name.
  if (DISCOVERY.test(text)) return bare;
  return isIssuer(text) || !isIssuer(lowerHost(wanted)) ? undefined : lowerHost(wanted);
}

function isLike(host: string, known: string): boolean {
  const knownHost = known.slice("https://".length);
  // For short hosts, one letter of difference can be another real host.
  return (
    distance(host.toLowerCase(), knownHost) <= Math.floor(knownHost.length / 10) ||
    (known === GITHUB_ISSUER && LIKE_GITHUB.test(host))
  );
}

/** As `URL` spells it: a host has no capital letters. */
function lowerHost(text: string): string {
  return text.replace(/^https:\/\/[^/]+/, (origin) => origin.toLowerCase());
}
