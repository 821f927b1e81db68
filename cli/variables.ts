import { STACK_OUTPUTS, type StackOutputName } from "../stack/contract";

/** One of the environment variables that hi-ml reads. */
export type VariableName = Exclude<StackOutputName, "details">;

/** The variables in the order of the contract. Without the password if the stack has none, or if it was left out. */
export type Variables = Partial<Record<VariableName, string>>;

/** The only secret among them. */
export const PASSWORD = "HIML_SERVICE_PRINCIPAL_PASSWORD";

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
