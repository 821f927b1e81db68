/** What the expressions of a workflow can name, such as `secrets.X` and `needs.list.outputs.stacks`. */
export type Contexts = Readonly<Record<string, unknown>>;

/** How a job or step stands when a condition is evaluated. */
interface Standing {
  hasFailed: boolean;
}

/** A text with every `${{ … }}` in it evaluated. */
export function fillIn(text: string, contexts: Contexts): string {
  return text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    const value = evaluate(expression, contexts, { hasFailed: false });
    return typeof value === "string" ? value : JSON.stringify(value);
  });
}

/** Whether GitHub runs what has this `if:`. Without one of the functions for it, nothing runs after a failure. */
export function isWanted(condition: string | undefined, contexts: Contexts, standing: Standing): boolean {
  const expression = condition?.replace(/^\$\{\{\s*(.*?)\s*\}\}$/, "$1") ?? "success()";
  const looksAtFailures = /\b(always|cancelled|failure|success)\(\)/.test(expression);
  return (looksAtFailures || !standing.hasFailed) && evaluate(expression, contexts, standing) === true;
}

/** The part of GitHub's expressions that the examples use; another one is an error. */
export function evaluate(expression: string, contexts: Contexts, standing: Standing): unknown {
  const inner = (part: string) => evaluate(part.trim(), contexts, standing);
  for (const [operator, decide] of [
    ["||", (a: unknown, b: unknown) => a || b],
    ["&&", (a: unknown, b: unknown) => a && b],
    ["!=", (a: unknown, b: unknown) => a !== b],
    ["==", (a: unknown, b: unknown) => a === b],
  ] as const) {
    const at = expression.indexOf(operator);
    if (at > 0) return decide(inner(expression.slice(0, at)), inner(expression.slice(at + operator.length)));
  }
  if (expression.startsWith("!")) return !inner(expression.slice(1));
  const literal = /^'([^']*)'$/.exec(expression);
  if (literal !== null) return literal[1];
  const call = /^(\w+)\((.*)\)$/.exec(expression);
  switch (call?.[1]) {
    case "always":
      return true;
    case "cancelled":
      return false;
    case "failure":
      return standing.hasFailed;
    case "success":
      return !standing.hasFailed;
    case "fromJSON":
      return JSON.parse(inner(call[2]!) as string);
  }
  const names = expression.split(".");
  if (!/^[\w.-]+$/.test(expression) || !(names[0]! in contexts))
    throw new Error(`The runner of the test must know \${{ ${expression} }}.`);
  // A name that is not set is an empty text.
  return names.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name] ?? "", contexts);
}
