import type { StackDetails } from "../../stack/contract";
import { CliError } from "../errors";
import type { Io } from "../io";
import {
  PASSWORD,
  PLAIN_VARIABLE_NAMES,
  VARIABLE_NAMES,
  type VariableName,
  type Variables,
} from "../variables";
import { runPulumi, type StackSelection, withoutPassphrase } from "../tools/pulumi";

/** The outputs of the stack. */
export interface StackOutputs {
  variables: Variables;
  details: StackDetails;
  /**
   * What the stack keeps secret besides the password, since a setting behind it is secret, and nobody asked to decrypt:
   * variables are left out then, and lists are empty.
   */
  hidden: readonly (VariableName | HidableDetail)[];
}

type HidableDetail = "trusts" | "roles" | "keyVault";

const RUN_UP = "Run `pulumi up` in the project of the service principal, or name it with --cwd and --stack.";
const SET_PASSPHRASE =
  "Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, to the passphrase of the stack.";

/** What Pulumi prints for a secret that it was not asked to show. */
const HIDDEN = "[secret]";

/**
 * Reads the outputs of a stack with one call of the Pulumi CLI; with two where `details` is secret as a whole.
 *
 * @param withPassword decrypts; without, nothing is decrypted but such `details`, and no passphrase is needed.
 */
export async function readStackOutputs(
  io: Io,
  selection: StackSelection,
  withPassword: boolean,
): Promise<StackOutputs> {
  const read = (decrypt: boolean) =>
    runPulumi(
      io,
      ["stack", "output", "--json", ...(decrypt ? ["--show-secrets"] : [])],
      selection,
      decrypt ? io.env : withoutPassphrase(io),
    );
  const json = await read(withPassword);
  if (withPassword || !isSecretAsAWhole(parseJsonOutputs(json)["details"])) {
    return parseStackOutputs(json, withPassword);
  }
  const { variables, details } = parseStackOutputs(await read(true), true);
  delete variables[PASSWORD];
  // Which part of it is the secret is not to be seen. Days and key IDs are made here, and never are.
  return { variables, details: { ...details, trusts: [], roles: [] }, hidden: ["trusts", "roles"] };
}

/** The six variables without the password, decrypted where the stack keeps one of the five secret. */
export async function readPlainVariables(io: Io, selection: StackSelection): Promise<StackOutputs> {
  const outputs = await readStackOutputs(io, selection, false);
  if (!PLAIN_VARIABLE_NAMES.some((name) => outputs.hidden.includes(name))) return outputs;
  const { variables, ...rest } = await readStackOutputs(io, selection, true);
  delete variables[PASSWORD];
  return { variables, ...rest };
}

function parseJsonOutputs(json: string): Record<string, unknown> {
  try {
    const outputs = JSON.parse(json) as unknown;
    if (isObject(outputs)) return outputs;
  } catch {
    // Told below.
  }
  throw new CliError("OUTPUTS_NOT_JSON", "`pulumi stack output --json` must print JSON.", RUN_UP);
}

/** Nothing can be said without its kind of authentication and its secrets, which are no secrets themselves. */
function isSecretAsAWhole(details: unknown): boolean {
  return (
    details === HIDDEN ||
    (isObject(details) &&
      [details["version"], details["authentication"], details["secrets"]].includes(HIDDEN))
  );
}

/** Checks the outputs against their contract. No value is ever part of an error: a password could be anywhere. */
export function parseStackOutputs(json: string, withPassword: boolean): StackOutputs {
  const outputs = parseJsonOutputs(json);
  const { details, hidden } = parseDetails(outputs["details"]);

  const variables: Variables = {};
  const hiddenVariables: VariableName[] = [];
  const missing: string[] = [];
  const hasPassword = details.authentication !== "federated";
  const wanted = withPassword && hasPassword ? VARIABLE_NAMES : PLAIN_VARIABLE_NAMES;
  for (const name of wanted) {
    const value = outputs[name];
    if (value === HIDDEN && !withPassword) hiddenVariables.push(name);
    else if (typeof value === "string" && value !== "" && value !== HIDDEN) variables[name] = value;
    else missing.push(name);
  }
  // With a wrong passphrase the Pulumi CLI succeeds, and prints null.
  if (missing.includes(PASSWORD) && missing.every((name) => outputs[name] === null)) {
    throw new CliError(
      "PASSWORD_NOT_DECRYPTED",
      `Pulumi must be able to decrypt the outputs ${missing.join(", ")}. It could not.`,
      SET_PASSPHRASE,
    );
  }
  if (missing.length > 0) {
    throw new CliError(
      "OUTPUTS_MISSING",
      `The stack must have the outputs ${missing.join(", ")}, as text. It does not have them.`,
      missing.includes(PASSWORD) ? `${RUN_UP} The password exists when that has succeeded.` : RUN_UP,
    );
  }
  return { variables, details, hidden: [...hiddenVariables, ...hidden] };
}

function parseDetails(value: unknown): { details: StackDetails; hidden: HidableDetail[] } {
  if (value === null) {
    throw new CliError(
      "DETAILS_NOT_DECRYPTED",
      "The output `details` is secret, because one of its settings is. Pulumi must be able to decrypt it. It could not.",
      SET_PASSPHRASE,
    );
  }
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
  const hidden = (["trusts", "roles", "keyVault"] as const).filter((name) => value[name] === HIDDEN);
  const without = { trusts: [], roles: [], keyVault: undefined };
  const details = { ...value, ...Object.fromEntries(hidden.map((name) => [name, without[name]])) };
  const problems = [
    ...(version === 1 ? [] : ["version"]),
    ...(["secret", "federated", "both"].includes(details["authentication"] as string)
      ? []
      : ["authentication"]),
    ...(isList(details["secrets"], isSecret) ? [] : ["secrets"]),
    ...(isList(details["trusts"], isTrust) ? [] : ["trusts"]),
    ...(isList(details["roles"], hasTexts("role", "scope")) ? [] : ["roles"]),
    ...(isOptionalInstant(details["nextRenewal"]) ? [] : ["nextRenewal"]),
    ...(isOptionalVault(details["keyVault"]) ? [] : ["keyVault"]),
    ...(isOptionalText(details["administratorCommand"]) ? [] : ["administratorCommand"]),
  ];
  if (problems.length > 0) {
    throw new CliError(
      "OUTPUTS_INVALID",
      `The stack's output \`details\` must be that of a HimlServicePrincipal. Its ${problems.join(", ")} ${problems.length === 1 ? "is" : "are"} not.`,
      "Your own program must export the component's output `details` unchanged. Then run `pulumi up`.",
    );
  }
  return { details: details as unknown as StackDetails, hidden };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: unknown, isItem: (item: Record<string, unknown>) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isObject(item) && isItem(item));
}

function isSecret(item: Record<string, unknown>): boolean {
  const { slot, ends, current, starts } = item;
  return (
    typeof slot === "string" &&
    /^[a-z]$/.test(slot) &&
    typeof current === "boolean" &&
    isInstant(ends) &&
    isOptionalInstant(starts)
  );
}

/** Of a subject to the letter, or of claims that match an expression. */
function isTrust(item: Record<string, unknown>): boolean {
  return hasTexts("issuer", item["subject"] === undefined ? "claimsMatchingExpression" : "subject")(item);
}

function hasTexts(...names: string[]) {
  return (item: Record<string, unknown>) => names.every((name) => typeof item[name] === "string");
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isOptionalVault(value: unknown): boolean {
  if (value === undefined) return true;
  if (!isObject(value) || typeof value["vaultId"] !== "string") return false;
  const { secrets } = value;
  return Array.isArray(secrets) && secrets.every((name) => typeof name === "string");
}

function isInstant(value: unknown): boolean {
  return typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value));
}

function isOptionalInstant(value: unknown): boolean {
  return value === undefined || isInstant(value);
}
