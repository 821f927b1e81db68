import { ExpressionError, parseBoolean, type Predicate, Tokens } from "./boolean-expression";

/** What a condition of a role assignment is asked about. */
interface ConditionSubject {
  readonly action: string;
  /** Attributes of what the request asks for, such as `Microsoft.Authorization/roleAssignments:RoleDefinitionId`. */
  readonly request: Attributes;
  /** Attributes of what is there already. */
  readonly resource: Attributes;
}

export type Attributes = Readonly<Record<string, string>>;

const TOKEN =
  /[()!]|&&|and\b|or\b|not\b|ActionMatches|@(?:Request|Resource)\[[^\]]*\]|\{[^}]*\}|'[^']*'|[\w:.-]+/;
const OPERATOR = /^(?:ForAnyOfAnyValues:)?(GuidEquals|StringEqualsIgnoreCase)$/i;

/**
 * Reads a condition of Azure's attribute-based access control, as far as conditions on role assignments need it:
 * ActionMatches, @Request, @Resource, `!`, AND, OR, GuidEquals and StringEqualsIgnoreCase, each also with
 * ForAnyOfAnyValues. Anything else is an error, so that no condition holds by not being understood.
 */
export function parseCondition(text: string): Predicate<ConditionSubject> {
  const tokens = new Tokens(text, TOKEN);
  return parseBoolean(tokens, () =>
    tokens.peek() === "actionmatches" ? readActionMatches(tokens) : readComparison(tokens),
  );
}

function readActionMatches(tokens: Tokens): Predicate<ConditionSubject> {
  tokens.take(/^ActionMatches$/i);
  const [pattern, ...others] = readSet(tokens.take(/^\{/), isQuoted);
  if (pattern === undefined || others.length > 0)
    throw new ExpressionError("ActionMatches must have one action.");
  const source = pattern
    .split("*")
    .map((part) => part.replaceAll(/[^\w/-]/g, "\\$&"))
    .join(".*");
  const matcher = new RegExp(`^${source}$`, "i");
  return ({ action }) => matcher.test(action);
}

function readComparison(tokens: Tokens): Predicate<ConditionSubject> {
  const [, source = "", attribute = ""] = /^@(\w+)\[([\w./]+:\w+)\]$/.exec(tokens.take(/^@/)) ?? [];
  if (attribute === "") throw new ExpressionError("An attribute must be named as provider/type:Name.");
  const name = OPERATOR.exec(tokens.take(OPERATOR))![1]!.toLowerCase();
  const isGuid = name === "guidequals";
  const operand = tokens.take(/^[{'\w]/);
  const values = operand.startsWith("{")
    ? readSet(operand, isGuid ? isGuidText : isQuoted)
    : [unquote(operand)];
  if (values.length === 0 || (isGuid && !values.every((value) => GUID.test(value))))
    throw new ExpressionError("A comparison must have values of its type.");
  const wanted = values.map((value) => value.toLowerCase());
  return (subject) => {
    const attributes = source.toLowerCase() === "request" ? subject.request : subject.resource;
    const value = Object.entries(attributes).find(
      ([key]) => key.toLowerCase() === attribute.toLowerCase(),
    )?.[1];
    return value !== undefined && wanted.includes(value.toLowerCase());
  };
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const isQuoted = (text: string) => /^'[^']*'$/.test(text);
const isGuidText = (text: string) => GUID.test(unquote(text));

function readSet(token: string, isValue: (text: string) => boolean): string[] {
  const values = token
    .slice(1, -1)
    .split(",")
    .map((value) => value.trim());
  if (!values.every(isValue))
    throw new ExpressionError("A set must hold values of the type that is compared.");
  return values.map(unquote);
}

function unquote(text: string): string {
  return text.startsWith("'") ? text.slice(1, -1) : text;
}
