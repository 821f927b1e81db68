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

/** Whether a text can be the `iss` of a token. */
export function isIssuer(text: string): boolean {
  // `URL` would silently correct spaces, look-alike letters, a user name and the default port.
  if (!/^https:\/\/[!-~]+$/.test(text) || /[*?#\\]/.test(text) || !isVisible(text)) return false;
  try {
    const url = new URL(text);
    return url.username === "" && url.password === "" && [text, `${text}/`].includes(url.href);
  } catch {
    return false;
  }
}

const DISCOVERY = /\/\.well-known(\/.*)?$/;
// GitHub itself knows no other host that begins so; in a company's own subdomain of ghe.com it follows later.
const LIKE_GITHUB = /^tokens?\.actions?\.github/i;

/** The known issuer that was probably meant. Undefined if the text is a known issuer, or similar to none. */
export function nearMissOf(text: string): string | undefined {
  const wanted = text
    .trim()
    .replace(/^(https?:\/*)*/i, "https://")
    .replace(/^https:\/\/[^/]*@/, "https://")
    .replace(/^(https:\/\/)www\./, "$1")
    .replace(/^(https:\/\/[^/]*):443(?=\/|$)/, "$1")
    .replace(DISCOVERY, "")
    .replace(/\/+$/, "");
  for (const known of KNOWN_ISSUERS) {
    const [host, ...path] = wanted.slice("https://".length).split("/");
    const meant = [known, ...path].join("/");
    const knownHost = known.slice("https://".length);
    const far = distance(host!.toLowerCase(), knownHost);
    // For short hosts, one letter of difference can be another real host.
    const isLike =
      far <= Math.floor(knownHost.length / 10) || (known === GITHUB_ISSUER && LIKE_GITHUB.test(host!));
    if (isLike) return meant === text ? undefined : meant;
  }
  // Where the keys are told is no part of an issuer's name.
  return DISCOVERY.test(text) ? wanted : undefined;
}
