import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { run } from "../../cli/tools/process";
import { DEFAULTS } from "../../components/himl-service-principal-args";
import { BUILT_IN_ROLES } from "../../components/plan/roles";
import manifest from "../../package.json";
import pluginManifest from "../../plugin/package.json";
import schema from "../../plugin/schema.json";

import { STACK_OUTPUTS } from "../../stack/contract";
import { TYPESCRIPT_ONLY } from "../../tools/plugin-schema/package-schema";
import { PROJECT, requireEngine } from "../rehearsal/support";

interface Property {
  description?: string;
  default?: unknown;
  secret?: boolean;
  plain?: boolean;
  items?: Property;
}

const COMPONENT = schema.resources["himl-service-principal:index:HimlServicePrincipal"];
const INPUTS = COMPONENT.inputProperties as Record<string, Property>;
const TYPES = schema.types as Record<
  string,
  { enum?: { value: string }[]; properties?: Record<string, Property> }
>;

/** The arguments as TypeScript's parser reads them: the generator of the schema has no part in this. */
function readArguments(): { name: string; isRequired: boolean }[] {
  const file = path.join(PROJECT, "components/himl-service-principal-args.ts");
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  const declaration = source.statements.find(
    (node): node is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(node) && node.name.text === "HimlServicePrincipalArgs",
  );
  return declaration!.members.map((member) => ({
    name: (member.name as ts.Identifier).text,
    isRequired: member.questionToken === undefined,
  }));
}

describe("The schema for other languages", () => {
  const args = readArguments();
  const shared = args.filter(({ name }) => !(TYPESCRIPT_ONLY as readonly string[]).includes(name));

  it("has every argument of the component but those that only TypeScript has, required where it is", () => {
    assert.ok(args.length > 10);
    assert.deepEqual(
      Object.keys(INPUTS),
      shared.map(({ name }) => name),
    );
    const required = shared.filter(({ isRequired }) => isRequired).map(({ name }) => name);
    assert.deepEqual(COMPONENT.requiredInputs, required);
  });

  it("tells what each argument does", () => {
    const silent = Object.entries(INPUTS).filter(([, { description }]) => !description);
    assert.deepEqual(silent, []);
  });

  it("has the defaults that the component has", () => {
    const defaults = Object.entries(INPUTS).filter(([, property]) => "default" in property);
    for (const [name, property] of defaults) {
      if (name in DEFAULTS) assert.equal(property.default, DEFAULTS[name as keyof typeof DEFAULTS], name);
    }
    const constants = Object.keys(DEFAULTS).filter((name) => name in INPUTS);
    assert.deepEqual(
      constants.filter((name) => !("default" in INPUTS[name]!)),
      [],
    );
  });

  it("lists the built-in roles", () => {
    const values = TYPES["himl-service-principal:index:BuiltInRoleName"]!.enum!.map(({ value }) => value);
    assert.deepEqual(values, Object.keys(BUILT_IN_ROLES));
  });

  it("gives a default to no property of a kind of trust: SDKs would send it with every other kind", () => {
    const properties = Object.values(TYPES["himl-service-principal:index:Trust"]!.properties!);
    assert.ok(properties.length >= 5);
    assert.deepEqual(
      properties.filter((property) => "default" in property),
      [],
    );
  });

  it("has no list that is plain, nor plain items: the Go SDK made from that does not compile", () => {
    const properties = [INPUTS, ...Object.values(TYPES).map((type) => type.properties ?? {})].flatMap(
      Object.values,
    );
    const lists = (properties as Property[]).filter(({ items }) => items !== undefined);
    assert.ok(lists.length >= 3);
    assert.deepEqual(
      lists.filter(({ plain, items }) => plain ?? items!.plain),
      [],
    );
  });

  it("has an output for every output of the stack, secret where that is", () => {
    const outputs = COMPONENT.properties as Record<string, Property>;
    assert.deepEqual(
      Object.entries(outputs).map(([name, { secret }]) => ({ name, isSecret: secret ?? false })),
      STACK_OUTPUTS.map(({ property, isSecret }) => ({ name: property, isSecret })),
    );
  });

  it("is accepted by the engine", async function () {
    this.timeout(60_000);
    const engine = await requireEngine(this);
    const file = path.join(PROJECT, "plugin/schema.json");
    const { exitCode, stdout, stderr } = await run(engine.path, ["schema", "check", file], {
      cwd: PROJECT,
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    assert.equal(exitCode, 0, stdout + stderr);
  });
});

describe("The plugin's package.json", () => {
  it("names the versions that the project is tested with", () => {
    const tested: Record<string, string> = { ...manifest.devDependencies, ...manifest.dependencies };
    const peers = manifest.peerDependencies as Record<string, string>;
    for (const [name, version] of Object.entries(pluginManifest.dependencies)) {
      if (name in tested) assert.equal(version, tested[name], name);
      else {
        const lock = JSON.parse(readFileSync(path.join(PROJECT, "package-lock.json"), "utf8")) as {
          packages: Record<string, { version: string }>;
        };
        assert.ok(name in peers, name);
        assert.equal(version, lock.packages[`node_modules/${name}`]!.version, name);
      }
    }
    assert.equal(pluginManifest.version, manifest.version);
    assert.equal(schema.version, manifest.version);
  });
});
