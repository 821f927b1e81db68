/** What the npm package offers to programs: the component, and outputs by which the `himl-sp` command finds its way. */
export * from "./components/himl-service-principal";
export { createStackOutputs, STACK_OUTPUTS, type StackDetails, type StackOutputName } from "./stack/outputs";
export { warnOfLosses } from "./stack/losses";
export { readSettings } from "./stack/settings";
