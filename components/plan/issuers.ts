import { BlockList, isIP } from "node:net";
import { domainToUnicode } from "node:url";
import { distance } from "fastest-levenshtein";
import { isVisible } from "./problems";

export const GITHUB_ISSUER = "https://token.actions.githubusercontent.com";
export const GITLAB_ISSUER = "https://gitlab.com";
export const TERRAFORM_ISSUER = "https://app.terraform.io";

/** Issuers that many trust. None of them ends with a slash, though some pages show it. */
const KNOWN_ISSUERS = [GITHUB_ISSUER, GITLAB_ISSUER, TERRAFORM_ISSUER, "https://vstoken.dev.azure.com"];

/** GitHub on a company's own subdomain of ghe.com, and on a server of its own. */
const GITHUB_ELSEWHERE =
  /^https:\/\/(?:token\.actions\.[^/]+\.ghe\.com(?:\/[^/]+)?|[^/]+\/_services\/token)$/;
/** Azure Kubernetes Service, and tokens of Entra in the first version: with a slash at the end. */
const WITH_SLASH = /^https:\/\/(?:[^/]+\.oic\.prod-aks\.azure\.com\/.*[^/]|sts\.windows\.net\/[^/]+)$/;

/** Whether an issuer is GitHub: github.com, also an enterprise's own path there, ghe.com or a server. */
export function isGitHub(issuer: string): boolean {
  return issuer === GITHUB_ISSUER || issuer.startsWith(`${GITHUB_ISSUER}/`) || GITHUB_ELSEWHERE.test(issuer);
}

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

// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry: this machine, private
// networks, link-local with the metadata services of clouds; IPv6's spellings of IPv4 (those with
// ::ffff: the list knows itself), and 168.63.129.16 is Azure's own: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
const NOT_PUBLIC = {
  ipv4: "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16 198.18.0.0/15 224.0.0.0/3",
  ipv6: "::/96 fc00::/7 fe80::/9 ff00::/8 64:ff9b::/32 2002::/16",
} as const;
const notPublic = new BlockList();
for (const family of ["ipv4", "ipv6"] as const)
  for (const [net, prefix] of NOT_PUBLIC[family].split(" ").map((subnet) => subnet.split("/")))
    notPublic.addSubnet(net!, Number(prefix), family);

/** Entra fetches the keys over the internet: not from this machine, a private network or inside a cluster. */
function isPublic(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const version = isIP(host);
  if (version > 0) return !notPublic.check(host, version === 4 ? "ipv4" : "ipv6");
  return (
    /^[^.]+(?:\.[^.]+)*$/.test(host) &&
    !/(?:^|\.)(?:local|localhost|internal|intranet|private|corp|home|home\.arpa|lan|svc)$/.test(host)
  );
}

/** GitHub's own hosts, behind which stands a repository, and what people make of its issuer's name. */
const LIKE_GITHUB =
  /^(?:(?:www|api|tokens?\.actions?)\.)?github\.com$|^(?:actions?\.)?githubusercontent\.com$/i;

/** The issuer that was probably meant. Undefined if the text can be one, and is similar to none that is known. */
export function nearMissOf(text: string): string | undefined {
  const wanted = text.trim().replace(/^(?:https?:)?\/*/i, "https://");
  const bare = wanted.replace(/\/+$/, "");
  const [host = "", ...path] = bare.slice("https://".length).split("/");
  // Letters that look like others: Cyrillic, or their coded spelling.
  const shown = domainToUnicode(host) || host;
  const known = LIKE_GITHUB.test(shown) ? GITHUB_ISSUER : KNOWN_ISSUERS.find((one) => isLike(shown, one));
  if (known !== undefined) {
    const meant = [known, ...(/github\.com$/i.test(shown) ? [] : path)].join("/");
    return meant === text ? undefined : meant;
  }
  if (GITHUB_ELSEWHERE.test(bare) && bare !== text) return bare;
  if (WITH_SLASH.test(wanted)) return `${wanted}/`;
  return !isIssuer(text) && isIssuer(wanted) ? wanted : undefined;
}

function isLike(host: string, known: string): boolean {
  const knownHost = known.slice("https://".length);
  // For short hosts, one letter of difference can be another real host.
  return distance(host.toLowerCase(), knownHost) <= Math.floor(knownHost.length / 10);
}
