/** What a refusal names: IDs, names, texts of the request. Never a secret. */
export type Details = Readonly<Record<string, string>>;

/**
 * A call that is refused, by the rule that it breaks. The store and the handlers know only the rule; each service has
 * a table that says what its status, code and text are.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    readonly rule: string,
    readonly details: Details = {},
  ) {
    super(`A call was refused: ${rule}.`);
  }
}

/**
 * The errors of a service by the rule that was broken: `status code detail: text`, in which `{name}` is a detail of the
 * refusal. What the detail of the row is, each service says.
 */
export type ErrorTable = Readonly<Record<string, string>>;

/** What every service says where the request itself cannot be treated. */
const COMMON_ERRORS = {
  notImplemented: "501 NotImplemented: {what} is not implemented by the local Azure.",
  unreadable: "400 BadRequest: The request could not be read.",
  tooLarge: "413 RequestContentTooLarge: The request content size exceeds the maximum size of 4 MB.",
  failed: "500 InternalServerError: The local Azure failed.",
} satisfies ErrorTable;

/** Where a rule is in no table, the local Azure has a defect, and says so. */
export function lookUp(table: ErrorTable, refusal: Refusal) {
  const row = table[refusal.rule] ?? (COMMON_ERRORS as ErrorTable)[refusal.rule];
  const [, status, code, detail, text] = /^(\d+) (\S+?)(?: (\S+))?: (.*)$/s.exec(row ?? "") ?? [];
  if (text === undefined) throw new Error(`The table of errors must have the rule ${refusal.rule}.`);
  return {
    status: Number(status),
    code: fillIn(code!, refusal.details),
    detail,
    message: fillIn(text, refusal.details),
  };
}

export function fillIn(text: string, details: Details): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => details[name] ?? whole);
}
