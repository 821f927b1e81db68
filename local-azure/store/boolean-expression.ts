/** A condition that holds or does not hold for something. */
export type Predicate<Subject> = (subject: Subject) => boolean;

/** A text that is no expression of the language in question. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
}

/** The tokens of an expression, read from left to right. */
export class Tokens {
  private readonly tokens: readonly string[];
  private position = 0;

  /** `pattern` matches one token; what is between tokens must be white space. */
  constructor(text: string, pattern: RegExp) {
    const sticky = new RegExp(`\\s*(${pattern.source})`, "iy");
    const tokens: string[] = [];
    const trimmed = text.trimEnd();
    while (sticky.lastIndex < trimmed.length) {
      const match = sticky.exec(trimmed);
      if (match === null) throw new ExpressionError("An unknown sign stands in the expression.");
      tokens.push(match[1]!);
    }
    this.tokens = tokens;
  }

  peek(): string {
    return this.tokens[this.position]?.toLowerCase() ?? "";
  }

  /** The next token, which must match. */
  take(pattern: RegExp): string {
    const token = this.tokens[this.position];
    if (token === undefined || !pattern.test(token))
      throw new ExpressionError(`${token ?? "The end"} must not stand where it stands.`);
    this.position += 1;
    return token;
  }

  get isAtEnd(): boolean {
    return this.position === this.tokens.length;
  }
}

const MAX_DEPTH = 50;

/**
 * Reads `or`, `and`, `not` (or `!`) and brackets around what `readTerm` reads; `and` binds more than `or`. The whole
 * text must be used up.
 */
export function parseBoolean<Subject>(
  tokens: Tokens,
  readTerm: () => Predicate<Subject>,
): Predicate<Subject> {
  const readOr = (depth: number): Predicate<Subject> => {
    const parts = [readAnd(depth)];
    while (tokens.peek() === "or") {
      tokens.take(/^or$/i);
      parts.push(readAnd(depth));
    }
    return (subject) => parts.some((part) => part(subject));
  };
  const readAnd = (depth: number): Predicate<Subject> => {
    const parts = [readNot(depth)];
    while (["and", "&&"].includes(tokens.peek())) {
      tokens.take(/^(and|&&)$/i);
      parts.push(readNot(depth));
    }
    return (subject) => parts.every((part) => part(subject));
  };
  const readNot = (depth: number): Predicate<Subject> => {
    if (depth > MAX_DEPTH) throw new ExpressionError("The expression must not be so deep.");
    if (["not", "!"].includes(tokens.peek())) {
      tokens.take(/^(not|!)$/i);
      const inner = readNot(depth + 1);
      return (subject) => !inner(subject);
    }
    if (tokens.peek() !== "(") return readTerm();
    tokens.take(/^\($/);
    const inner = readOr(depth + 1);
    tokens.take(/^\)$/);
    return inner;
  };
  const expression = readOr(0);
  if (!tokens.isAtEnd) tokens.take(/^$/);
  return expression;
}
