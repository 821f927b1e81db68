import type { StackDetails } from "../../stack/contract";
import { CliError } from "../errors";
import type { Io } from "../io";
import { PASSWORD, PLAIN_VARIABLE_NAMES, VARIABLE_NAMES, type Variables } from "../variables";
import { runPulumi, type StackSelection, withoutPassphrase } from "./pulumi";

/** What the stack hands out. */
export interface StackOutputs {
  variables: Variables;
  details: StackDetails;
}

const RUN_UP = "Run `pulumi up` in the project of the service principal, or name it with --cwd and --stack.";

/**
 * Reads the outputs of a stack with one call of the Pulumi CLI.
 *
 * @param withPassword decrypts the password; without, nothing is decrypted, and no passphrase is needed.
 */
export async function readStackOutputs(
  io: Io,
  selection: StackSelection,
  withPassword: boolean,
): Promise<StackOutputs> {
  const args = ["stack", "output", "--json", ...(withPassword ? ["--show-secrets"] : [])];
  const env = withPassword ? io.env : withoutPassphrase(io);
  return parseStackOutputs(await runPulumi(io, args, selection, env), withPassword);
}

/** Checks the outputs against their contract. No value is ever part of an error: a password could be anywhere. */
export function parseStackOutputs(json: string, withPassword: boolean): StackOutputs {
  let outputs: Record<string, unknown>;
  try {
    outputs = JSON.parse(json) as Record<string, unknown>;
  } catch {
    throw new CliError("OUTPUTS_NOT_JSON", "`pulumi stack output --json` must print JSON.", RUN_UP);
  }
  const { details } = outputs;
  if (!isDetails(details)) {
    const isNewer = typeof details === "object" && details !== null && "version" in details;
    throw isNewer
      ? new CliError(
          "OUTPUTS_NEWER",
          "The stack's output `details` must have version 1. It has another one, from a newer himl-service-principal.",
          "Update this package.",
        )
      : new CliError("OUTPUTS_MISSING", "The stack must have the output `details`. It has none.", RUN_UP);
  }

  const variables: Variables = {};
  const missing: string[] = [];
  const hasPassword = details.authentication !== "federated";
  const wanted = withPassword && hasPassword ? VARIABLE_NAMES : PLAIN_VARIABLE_NAMES;
  for (const name of wanted) {
    const value = outputs[name];
    if (typeof value === "string" && value !== "" && value !== HIDDEN) variables[name] = value;
    else missing.push(name);
  }
  // With a wrong passphrase the Pulumi CLI succeeds, and prints null.
  if (missing.length === 1 && missing[0] === PASSWORD && outputs[PASSWORD] === null) {
    throw new CliError(
      "PASSWORD_NOT_DECRYPTED",
      "Pulumi must be able to decrypt the output HIML_SERVICE_PRINCIPAL_PASSWORD. It was not.",
      "Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, to the passphrase of the stack.",
    );
  }
  if (missing.length > 0) {
    throw new CliError(
      "OUTPUTS_MISSING",
      `The stack must have the outputs ${missing.join(", ")}, as text. It has not.`,
      missing.includes(PASSWORD) ? `${RUN_UP} The password exists when that has succeeded.` : RUN_UP,
    );
  }
  return { variables, details };
}

/** What Pulumi prints for a secret that it was not asked to show. */
const HIDDEN = "[secret]";

function isDetails(value: unknown): value is StackDetails {
  if (typeof value !== "object" || value === null) return false;
  const details = value as Partial<Record<keyof StackDetails, unknown>>;
  return (
    details.version === 1 &&
    ["secret", "federated", "both"].includes(details.authentication as string) &&
    [details.secrets, details.trusts, details.roles].every(Array.isArray)
  );
}
