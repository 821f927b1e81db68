import * as path from "node:path";
import * as manifest from "../../package.json";
import { propertyOf } from "../../plugin/properties";
import { STACK_OUTPUTS } from "../../stack/contract";
import { createTypeReader, type PropertySpec } from "./type-reader";

const ROOT = path.resolve(__dirname, "../..");
export const PACKAGE = "himl-service-principal";
const GO_PACKAGE = PACKAGE.replaceAll("-", "");

/** Arguments for TypeScript alone: functions, and what tests set. Other languages use the resource option `transforms`. */
export const TYPESCRIPT_ONLY = ["transform", "now"] as const;

/** From `HIML_TENANT_ID` generators would make `HIM_L_TENAN_T_ID`. From `HimlTenantId` Python's makes `HIML_TENANT_ID`. */
function enumNameOf(stackOutput: string): string {
  return propertyOf(stackOutput).replace(/^./, (letter) => letter.toUpperCase());
}

/** https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ */
export function createSchema() {
  const reader = createTypeReader(ROOT, PACKAGE);
  const args = reader.readInterface(
    "components/himl-service-principal-args.ts",
    "HimlServicePrincipalArgs",
    TYPESCRIPT_ONLY,
  );
  const details = reader.readReference("components/details.ts", "PrincipalDetails", "Details");
  const outputs = STACK_OUTPUTS.map(({ name, description, isSecret }): [string, PropertySpec] => [
    propertyOf(name),
    {
      description,
      ...(name === "details" ? details : { type: "string" }),
      ...(isSecret && { secret: true }),
    },
  ]);
  return {
    name: PACKAGE,
    displayName: "hi-ml service principal",
    version: manifest.version,
    description: manifest.description,
    license: manifest.license,
    keywords: ["category/cloud", "kind/component"],
    meta: { supportPack: true },
    language: {
      // Otherwise the name of a package that was added from git would begin with its owner's name.
      python: {
        packageName: PACKAGE.replaceAll("-", "_"),
        pyproject: { enabled: true },
        inputTypes: "classes-and-dicts",
        respectSchemaVersion: true,
      },
      nodejs: { packageName: PACKAGE, respectSchemaVersion: true },
      go: {
        rootPackageName: GO_PACKAGE,
        modulePath: `example.com/${PACKAGE}`,
        importBasePath: `example.com/${PACKAGE}/${GO_PACKAGE}`,
        respectSchemaVersion: true,
      },
      // A namespace with the same name as the class would hide the class.
      csharp: { namespaces: { [PACKAGE]: "Himl" }, respectSchemaVersion: true },
    },
    types: {
      ...reader.types(),
      [`${PACKAGE}:index:StackOutput`]: {
        type: "string",
        description:
          "Names of the stack outputs that hi-ml and the `himl-sp` command read. The component's output of the same name holds the value.",
        enum: STACK_OUTPUTS.map(({ name, description }) => ({
          name: enumNameOf(name),
          value: name,
          description,
        })),
      },
    },
    resources: {
      [`${PACKAGE}:index:HimlServicePrincipal`]: {
        isComponent: true,
        description: reader.readClassComment("components/himl-service-principal.ts", "HimlServicePrincipal"),
        inputProperties: args.properties,
        requiredInputs: args.required,
        properties: Object.fromEntries(outputs),
        required: outputs
          .map(([name]) => name)
          .filter((name) => name !== propertyOf("HIML_SERVICE_PRINCIPAL_PASSWORD")),
      },
    },
  };
}
