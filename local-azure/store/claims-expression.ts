import { ExpressionError, parseBoolean, type Predicate, Tokens } from "./boolean-expression";

/** Claims of a token of another issuer. */
export type Claims = Readonly<Record<string, unknown>>;

const TOKEN = /claims\['\w+'\]|eq\b|matches\b|and\b|'[^']*'/;

/** The issuers for which Entra takes an expression, and the claims that it may name (Microsoft Learn, 2025). */
const CLAIMS_OF_ISSUER: readonly (readonly [issuer: RegExp, claims: readonly string[]])[] = [
  [/^https:\/\/token\.actions\.githubusercontent\.com(\/.*)?$/, ["sub", "job_workflow_ref"]],
  [/^https:\/\/gitlab\.com$/, ["sub"]],
  [/^https:\/\/app\.terraform\.io$/, ["sub"]],
];

/**
 * Reads a `claimsMatchingExpression`: comparisons of a claim with a text, joined by `and`. `eq` compares as it stands;
 * in `matches`, `*` stands for any text and `?` for one sign.
 */
export function parseClaimsExpression(text: string, issuer: string): Predicate<Claims> {
  const allowed = CLAIMS_OF_ISSUER.find(([pattern]) => pattern.test(issuer))?.[1];
  if (allowed === undefined) throw new ExpressionError("Expressions must be for an issuer that Entra knows.");
  const tokens = new Tokens(text, TOKEN);
  return parseBoolean(tokens, () => {
    const claim = /'(\w+)'/.exec(tokens.take(/^claims\[/))![1]!;
    if (!allowed.includes(claim))
      throw new ExpressionError(`The claim ${claim} must not be named for this issuer.`);
    const operator = tokens.take(/^(eq|matches)$/);
    const comparand = tokens.take(/^'/).slice(1, -1);
    const matcher = operator === "eq" ? undefined : wildcards(comparand);
    return (claims) => {
      const value = claims[claim];
      return typeof value === "string" && (matcher === undefined ? value === comparand : matcher.test(value));
    };
  });
}

function wildcards(pattern: string): RegExp {
  const source = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, (sign) =>
    sign === "*" ? ".*" : sign === "?" ? "." : `\\${sign}`,
  );
  return new RegExp(`^${source}$`, "s");
}
