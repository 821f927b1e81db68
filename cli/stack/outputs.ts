import type { StackDetails } from "../../stack/contract";
import { CliError } from "../errors";
import type { Io } from "../io";
import { PASSWORD, PLAIN_VARIABLE_NAMES, VARIABLE_NAMES, type Variables } from "../variables";
import { parseJson } from "../tools/process";
import { runPulumi, type StackSelection, withoutPassphrase } from "../tools/pulumi";

/** Which principal of which stack. */
export interface PrincipalSelection extends StackSelection {
  /** Name of the output that holds its outputs. @default the only one that the stack has */
  principal?: string;
}

/** The outputs of a principal. */
export interface StackOutputs {
  variables: Variables;
  details: StackDetails;
}

const RUN_UP = "Run `pulumi up` in the project of the service principal, or name it with --cwd and --stack.";

/** As Pulumi prints a secret that it was not asked to show. */
const HIDDEN = "[secret]";

/**
 * Reads the outputs of one principal, with one call of the Pulumi CLI; with two where more than the password is secret.
 *
 * @param withPassword decrypts. Without, nothing is decrypted and no passphrase is needed, unless the stack's program
 *   made more than the password secret.
 */
export async function readStackOutputs(
  io: Io,
  selection: PrincipalSelection,
  withPassword: boolean,
): Promise<StackOutputs> {
  const { principal } = selection;
  let outputs = await readOutputs(io, selection, withPassword);
  if (!withPassword && isHidden(outputs, principal)) outputs = await readOutputs(io, selection, true);
  return parsePrincipal(choosePrincipal(outputs, principal), withPassword);
}

/** The details of each principal of a stack; one that is exported at the top has no name. */
export async function readAllDetails(
  io: Io,
  selection: StackSelection,
): Promise<{ principal: string | undefined; details: StackDetails }[]> {
  let outputs = await readOutputs(io, selection, false);
  const names = () => ("details" in outputs ? [undefined] : namesOfPrincipals(outputs));
  if (names().length === 0 || names().some((name) => isHidden(outputs, name)))
    outputs = await readOutputs(io, selection, true);
  const found = names().length > 0 ? names() : [undefined];
  return found.map((principal) => ({
    principal,
    details: parsePrincipal(choosePrincipal(outputs, principal), false).details,
  }));
}

async function readOutputs(
  io: Io,
  { stack, cwd }: StackSelection,
  decrypt: boolean,
): Promise<Record<string, unknown>> {
  const selection = { ...(stack !== undefined && { stack }), ...(cwd !== undefined && { cwd }) };
  if (decrypt) {
    const args = ["stack", "output", "--json", "--show-secrets"];
    const outputs = parseJson<unknown>(await runPulumi(io, args, selection), "pulumi stack output");
    return isObject(outputs) ? outputs : {};
  }
  // Not `stack output`: it asks for the passphrase even if it shows no secret.
  const json = await runPulumi(io, ["stack", "export"], selection, withoutPassphrase(io));
  const { deployment } = parseJson<{ deployment: Deployment | null }>(json, "pulumi stack export");
  const resource = deployment?.resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
  const outputs = hideSecrets(resource?.outputs);
  return isObject(outputs) ? outputs : {};
}

interface Deployment {
  resources?: { type: string; outputs?: Record<string, unknown> }[];
}

/** A secret in a state is an object with this key: https://www.pulumi.com/docs/iac/concepts/secrets */
const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";

function hideSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (!isObject(value)) return value;
  if (SECRET_SIGNATURE in value) return HIDDEN;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hideSecrets(inner)]));
}

/** Outputs that hold those of a principal: a program with several exports each under a name of its own. */
function namesOfPrincipals(outputs: Record<string, unknown>): string[] {
  return Object.keys(outputs).filter((name) => {
    const value = outputs[name];
    return isObject(value) && "details" in value;
  });
}

function choosePrincipal(outputs: Record<string, unknown>, wanted?: string): Record<string, unknown> {
  const names = namesOfPrincipals(outputs);
  if (wanted === undefined && ("details" in outputs || names.length === 0)) return outputs;
  if (wanted === undefined && names.length > 1) {
    throw new CliError(
      "SEVERAL_PRINCIPALS",
      `--principal must name one of the stack's principals: ${names.join(", ")}.`,
      `Add --principal ${names[0]}, for example.`,
    );
  }
  const name = wanted ?? names[0]!;
  if (names.includes(name)) return outputs[name] as Record<string, unknown>;
  throw new CliError(
    "NO_SUCH_PRINCIPAL",
    `--principal must name an output of the stack that holds those of a HimlServicePrincipal. Received ${JSON.stringify(name)}. The stack has ${names.join(", ") || ("details" in outputs ? "one, without a name" : "none")}.`,
    names.length > 0 ? `Add --principal ${names[0]}, for example.` : "Leave out --principal.",
  );
}

/** Whether more is secret than the password. */
function isHidden(outputs: Record<string, unknown>, wanted?: string): boolean {
  if (wanted !== undefined && outputs[wanted] === HIDDEN) return true;
  if (wanted === undefined && !("details" in outputs) && namesOfPrincipals(outputs).length === 0)
    return Object.values(outputs).includes(HIDDEN);
  const chosen = choosePrincipal(outputs, wanted);
  const shown = ["details", ...PLAIN_VARIABLE_NAMES].map((name) => chosen[name]);
  return JSON.stringify(shown).includes(JSON.stringify(HIDDEN));
}

/** Checks the outputs against their contract. No value is ever part of an error: a password could be anywhere. */
export function parsePrincipal(outputs: Record<string, unknown>, withPassword: boolean): StackOutputs {
  const details = parseDetails(outputs["details"]);
  const hasPassword = withPassword && details.authentication !== "federated";
  const wanted = hasPassword ? VARIABLE_NAMES : PLAIN_VARIABLE_NAMES;
  const variables: Variables = {};
  const missing: string[] = [];
  for (const name of wanted) {
    const value = outputs[name];
    if (typeof value === "string" && value !== "" && value !== HIDDEN) variables[name] = value;
    else missing.push(name);
  }
  if (missing.length === 0) return { variables, details };
  throw new CliError(
    "OUTPUTS_MISSING",
    `The stack must have the outputs ${missing.join(", ")}, as text. It does not have them.`,
    missing.includes(PASSWORD) ? `${RUN_UP} The password exists when that has succeeded.` : RUN_UP,
  );
}

function parseDetails(value: unknown): StackDetails {
  if (!isObject(value)) {
    throw new CliError("OUTPUTS_MISSING", "The stack must have the output `details`. It has none.", RUN_UP);
  }
  const { version } = value;
  if (typeof version === "number" && version !== 1) {
    throw new CliError(
      "OUTPUTS_NEWER",
      `The stack's output \`details\` must have version 1. It has version ${version}, from a newer himl-service-principal.`,
      "Update this package.",
    );
  }
  const problems = Object.entries(FIELDS).flatMap(([name, isValid]) => (isValid(value[name]) ? [] : [name]));
  if (problems.length === 0) return value as unknown as StackDetails;
  throw new CliError(
    "OUTPUTS_INVALID",
    `The stack's output \`details\` must be that of a HimlServicePrincipal. Its ${problems.join(", ")} ${problems.length === 1 ? "is" : "are"} not.`,
    "Your own program must export the component's output `details` unchanged. Then run `pulumi up`.",
  );
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isInstant: Check = (value) =>
  typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value));
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const object =
  (fields: Record<string, Check>): Check =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, check]) => check(value[name]));

const FIELDS: Record<string, Check> = {
  version: (value) => value === 1,
  authentication: (value) => ["secret", "federated", "both"].includes(value as string),
  secrets: listOf(
    object({
      slot: (value) => typeof value === "string" && /^[a-z]$/.test(value),
      current: (value) => typeof value === "boolean",
      starts: optional(isInstant),
      ends: isInstant,
      fingerprint: optional(isText),
    }),
  ),
  // Of a subject to the letter, or of claims that match an expression.
  trusts: listOf(
    (value) =>
      object({ issuer: isText })(value) &&
      (object({ subject: isText })(value) || object({ claimsMatchingExpression: isText })(value)),
  ),
  roles: listOf(object({ role: isText, scope: isText })),
  nextRenewal: optional(isInstant),
  keyVault: optional(object({ vaultId: isText, secrets: listOf(isText) })),
  administratorCommand: optional(isText),
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The stack that is meant where none is named: the one that is selected in the project. */
export async function nameOfStack(io: Io, { stack, cwd }: StackSelection): Promise<string> {
  if (stack !== undefined) return stack;
  const selection = cwd === undefined ? {} : { cwd };
  return (await runPulumi(io, ["stack", "--show-name"], selection, withoutPassphrase(io))).trim();
}
