import * as path from "node:path";
import * as manifest from "../../package.json";
import { STACK_OUTPUTS } from "../../stack/contract";
import { createTypeReader, type PropertySpec } from "./type-reader";

const ROOT = path.resolve(__dirname, "../..");
export const PACKAGE = "himl-service-principal";
const GO_PACKAGE = PACKAGE.replaceAll("-", "");

/** Arguments for TypeScript alone: functions, and what tests set. Other languages use the resource option `transforms`. */
export const TYPESCRIPT_ONLY = ["transform", "now"] as const;

/** https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ */
export function createSchema() {
  const reader = createTypeReader(ROOT, PACKAGE);
  const args = reader.readInterface(
    "components/himl-service-principal-args.ts",
    "HimlServicePrincipalArgs",
    TYPESCRIPT_ONLY,
  );
  // A type of its own would be spelled as each language does, and `himl-sp` reads one spelling.
  const details = { type: "object", additionalProperties: { $ref: "pulumi.json#/Any" } } as const;
  const outputs = STACK_OUTPUTS.map(({ name, property, description, isSecret }): [string, PropertySpec] => [
    property,
    {
      description: `${description} The stack output \`${name}\`.`,
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
    types: reader.types(),
    resources: {
      [`${PACKAGE}:index:HimlServicePrincipal`]: {
        isComponent: true,
        description: reader.readClassComment("components/himl-service-principal.ts", "HimlServicePrincipal"),
        inputProperties: args.properties,
        requiredInputs: args.required,
        properties: Object.fromEntries(outputs),
        required: outputs.map(([name]) => name).filter((name) => name !== "clientSecret"),
      },
    },
  };
}
