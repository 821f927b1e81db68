import { PASSWORD, PLAIN_VARIABLE_NAMES, type VariableName, type Variables } from "../variables";
import { VerificationError } from "./explanations";

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const GUIDS: readonly VariableName[] = [
  "HIML_SERVICE_PRINCIPAL_ID",
  "HIML_TENANT_ID",
  "HIML_SUBSCRIPTION_ID",
];

/** The five that every login needs, and perhaps the password. */
export type CheckedVariables = Required<Omit<Variables, typeof PASSWORD>> & Variables;

/**
 * Whether the variables are there and can be meant. All problems at once; values are shown, that of the password never.
 *
 * @throws VerificationError
 */
export function checkVariables(variables: Variables): CheckedVariables {
  const problems: string[] = [];
  for (const name of PLAIN_VARIABLE_NAMES) {
    const value = variables[name];
    if (value === undefined || value === "") problems.push(`${name} must be set. It is not.`);
    else if (value !== value.trim() || /^["'].*["']$/.test(value)) {
      problems.push(`${name} must not have quotes or spaces around it. Received ${JSON.stringify(value)}.`);
    } else if (GUIDS.includes(name) && !GUID.test(value)) {
      problems.push(`${name} must be a GUID. Received ${JSON.stringify(value)}.`);
    }
  }
  const password = variables[PASSWORD];
  if (password !== undefined && GUID.test(password)) {
    problems.push(
      `${PASSWORD} must be the value of a secret. It is a GUID, probably the secret's ID, which the portal shows beside the value.`,
    );
  } else if (password !== undefined && (password !== password.trim() || /^["'].*["']$/.test(password))) {
    problems.push(`${PASSWORD} must not have quotes or spaces around it. It does.`);
  }
  if (problems.length > 0) {
    throw new VerificationError(
      "VARIABLES_INVALID",
      problems.join("\n  "),
      "Set them as `himl-sp env` prints them.",
    );
  }
  return variables as CheckedVariables;
}
