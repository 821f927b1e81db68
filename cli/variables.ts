import { STACK_OUTPUTS, type StackOutputName } from "../stack/contract";
import { CliError } from "./errors";

/** One of the environment variables that hi-ml reads. */
export type VariableName = Exclude<StackOutputName, "details">;

/** The variables in the order of the contract. Without the password if the stack has none, or if it was left out. */
export type Variables = Partial<Record<VariableName, string>>;

/** The only secret among them. */
export const PASSWORD = "HIML_SERVICE_PRINCIPAL_PASSWORD";

/** The five that every login needs, and perhaps the password. */
export type CheckedVariables = Required<Omit<Variables, typeof PASSWORD>> & Variables;

export const VARIABLE_NAMES = STACK_OUTPUTS.map(({ name }) => name).filter(
  (name): name is VariableName => name !== "details",
);

export const PLAIN_VARIABLE_NAMES = VARIABLE_NAMES.filter((name) => name !== PASSWORD);

/** Names and values, in the order of the contract. */
export function variableEntries(variables: Variables): [VariableName, string][] {
  return VARIABLE_NAMES.flatMap((name) => {
    const value = variables[name];
    return value === undefined ? [] : [[name, value] as [VariableName, string]];
  });
}

/** The variables of an environment. A secret that a pipeline does not have is an empty variable, which hi-ml takes for none. */
export function variablesOf(env: Readonly<Record<string, string | undefined>>): Variables {
  return Object.fromEntries(
    VARIABLE_NAMES.flatMap((name) => {
      const value = env[name];
      return value === undefined || (name === PASSWORD && value === "") ? [] : [[name, value]];
    }),
  );
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** One digit again and again, as in many examples. */
const EXAMPLE_GUID = /^([0-9a-f])\1{7}(-\1{4}){3}-\1{12}$/i;
const GUIDS: readonly VariableName[] = [
  "HIML_SERVICE_PRINCIPAL_ID",
  "HIML_TENANT_ID",
  "HIML_SUBSCRIPTION_ID",
];

/**
 * What is left where nobody put a value: the spelling of a variable or an expression that was not replaced, a mask, or a
 * word that asks to be replaced. No name of Azure and no secret of Entra looks like that: Azure's names have none of
 * `$<>%*{}`, and Entra's secrets are random.
 */
const PLACEHOLDERS: [pattern: RegExp, shape: string][] = [
  [/\$\{\{.*\}\}/s, "${{ … }}"],
  [/\{\{.*\}\}/s, "{{ … }}"],
  [/\$\(.*\)/s, "$(…)"],
  [/\$\{.*\}/s, "${…}"],
  [/\$\[.*\]/s, "$[…]"],
  [/#\{.*\}/s, "#{…}"],
  [/^\s*\$(env:)?[a-z_]\w*\s*$/i, "$NAME"],
  [/%[a-z_]\w*%/i, "%…%"],
  [/<[^<>]+>/, "<…>"],
  [/^__\w+__$/, "__NAME__"],
  // References to a vault that nothing has resolved.
  [/^@microsoft\.keyvault\(/i, "@Microsoft.KeyVault(…)"],
  [/^[a-z][\w+.-]*:\/\/./i, "…://…"],
  [/^(!\w+\s|ENC\[)/, "!secret …"],
  [/^["'[({]?\s*([*•●…]+|\.{3,}|x{3,}|_{3,}|-{3,}|\?{2,})\s*["'\])}]?$/i, "***"],
  [
    /^["'[({]?\s*((re-?place|change|fill|insert|enter|set)[-_ ]?(me|this|it|in|here)|(insert|enter|replace|fill|put)[-_ ](in|with|your|the|an?)[-_ ].*|your[-_ ].*|changeit|todo|tbd|fixme|placeholder|undefined|null)\s*["'\])}]?$/i,
    "REPLACE_ME",
  ],
];
/** Words that may well be a name, and are no password. */
const NO_PASSWORD =
  /^["'[({]?\s*(secret|password|pass|passwd|pwd|hidden|masked|redacted|sensitive|dummy|none|nil|empty|(client|service)[-_ ]?(principal)?[-_ ]?(secret|password)|himl[-_]service[-_]principal[-_]password)\s*["'\])}]?$/i;

/** The shape of a placeholder, if the value is one. */
function placeholderIn(name: VariableName, value: string): string | undefined {
  const found = PLACEHOLDERS.find(([pattern]) => pattern.test(value))?.[1];
  if (found !== undefined) return found;
  if (name === PASSWORD) return NO_PASSWORD.test(value) ? "a word" : undefined;
  return GUIDS.includes(name) && EXAMPLE_GUID.test(value) ? value : undefined;
}

/**
 * Whether the variables are there and can be meant. All problems at once; values are shown, that of the password never.
 *
 * @throws CliError
 */
export function checkVariables(variables: Variables): CheckedVariables {
  let hasPlaceholder = false;
  const problems = VARIABLE_NAMES.flatMap((name) => {
    const value = variables[name];
    const isPassword = name === PASSWORD;
    if (value === undefined || value === "") return isPassword ? [] : [`${name} must be set. It is not.`];
    const received = isPassword ? "" : ` Received ${JSON.stringify(value)}.`;
    const shape = placeholderIn(name, value);
    if (shape !== undefined) {
      hasPlaceholder = true;
      return [
        `${name} must have a value. It is a placeholder (${shape}): it is not defined here.${received}`,
      ];
    }
    if (value !== value.trim() || /^["'].*["']$/.test(value))
      return [`${name} must not have quotes or spaces around it.${received || " It does."}`];
    if (isPassword && GUID.test(value)) {
      return [
        `${name} must be the value of a secret. It is a GUID, probably the secret's ID, which the portal shows beside the value.`,
      ];
    }
    return GUIDS.includes(name) && !GUID.test(value) ? [`${name} must be a GUID.${received}`] : [];
  });
  if (problems.length === 0) return variables as CheckedVariables;
  throw new CliError(
    "VARIABLES_INVALID",
    problems.join("\n  "),
    hasPlaceholder
      ? "Is the variable group linked? Is it under `env:` of the step, as a secret must be? `himl-sp env` prints all of them."
      : "Set them as `himl-sp env` prints them.",
  );
}
