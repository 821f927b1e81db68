/** What the npm package offers to programs: the component, the settings of a stack, and the names of its outputs. */
export * from "./components/himl-service-principal";
export { STACK_OUTPUTS, type StackDetails, type StackOutputName } from "./stack/contract";
export { readSettings } from "./stack/settings";
