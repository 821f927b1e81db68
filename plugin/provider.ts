import type { ComponentResourceOptions, Inputs, provider } from "@pulumi/pulumi";
import { HimlServicePrincipal, type HimlServicePrincipalArgs } from "../components/himl-service-principal";
import { STACK_OUTPUTS } from "../stack/contract";
import schema from "./schema.json";
import { spellArguments } from "./spelling";

const TYPE = "himl-service-principal:index:HimlServicePrincipal";

/** The component for every Pulumi language: what it looks like, and how one comes into being. */
export function createProvider(): provider.Provider {
  return {
    version: schema.version,
    getSchema: () => Promise.resolve(JSON.stringify(schema)),
    construct,
  };
}

function construct(name: string, type: string, inputs: Inputs, options: ComponentResourceOptions) {
  if (type !== TYPE) throw new Error(`The type must be ${TYPE}. Received ${type}.`);
  const principal = declare(name, inputs as HimlServicePrincipalArgs, options);
  const { outputs, urn } = principal;
  const state = STACK_OUTPUTS.map(({ name: output, property }) => [property, outputs[output]]);
  return Promise.resolve({ urn, state: Object.fromEntries(state) as Inputs });
}

function declare(name: string, args: HimlServicePrincipalArgs, options: ComponentResourceOptions) {
  try {
    return new HimlServicePrincipal(name, args, options);
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { message: spellArguments(error.message) }) : error;
  }
}
