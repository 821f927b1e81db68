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

/** Whether a text can be the `iss` of a token: an address, spelled as an issuer spells it. */
export function isIssuer(text: string): boolean {
  // URL itself would quietly mend spaces, letters that look like others, a user name or a port that goes without saying.
  if (!/^https:\/\/[!-~]+$/.test(text) || /[*?#\\]/.test(text) || !isVisible(text)) return false;
  try {
    const url = new URL(text);
    return url.username === "" && url.password === "" && [text, `${text}/`].includes(url.href);
  } catch {
    return false;
  }
}

/** The known issuer that was probably meant; undefined where the text is one, or like none. */
export function nearMissOf(text: string): string | undefined {
  const wanted = text
    .trim()
    .replace(/^(https?:\/\/)?/i, "https://")
    .replace(/\/+$/, "");
  for (const known of KNOWN_ISSUERS) {
    const [host, ...path] = wanted.slice("https://".length).split("/");
    const meant = [known, ...path].join("/");
    const knownHost = known.slice("https://".length);
    const far = distance(host!.toLowerCase(), knownHost);
    // A short host may well be one letter away from another one that exists.
    if (far <= Math.floor(knownHost.length / 10) && meant !== text) return meant;
  }
  return undefined;
}
