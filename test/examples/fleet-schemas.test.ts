import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import * as pulumi from "@pulumi/pulumi";
import { parse, parseAllDocuments } from "yaml";
import deploymentsProgram from "../../examples/fleet/pulumi-deployments/index";
import { readExample } from "./pipeline-stage";

/** The part of a Kubernetes schema that says whether an object is as it must be. */
interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  enum?: unknown[];
  "x-kubernetes-preserve-unknown-fields"?: boolean;
}

const VERSION = "v2.9.0";
const CRD = `https://raw.githubusercontent.com/pulumi/pulumi-kubernetes-operator/${VERSION}/deploy/crds/pulumi.com_stacks.yaml`;

describe("examples/fleet/kubernetes-operator.yaml, by the operator's own schema of a Stack", function () {
  this.timeout(60_000);
  let schema: Schema;
  let stack: Record<string, unknown>;

  before(async function () {
    const text = await readCrd();
    if (text === undefined) {
      process.stderr.write(`\n!! examples/fleet/kubernetes-operator.yaml is NOT checked: no ${CRD}\n\n`);
      return this.skip();
    }
    const crd = parse(text) as {
      spec: { versions: { name: string; schema: { openAPIV3Schema: Schema } }[] };
    };
    schema = crd.spec.versions.find(({ name }) => name === "v1")!.schema.openAPIV3Schema;
    const documents = parseAllDocuments(await readExample("fleet", "kubernetes-operator.yaml"));
    stack = documents
      .map((document) => document.toJS() as Record<string, unknown>)
      .find(({ kind }) => kind === "Stack")!;
  });

  it("finds nothing", () => {
    assert.deepEqual(problemsOf(stack, schema, ""), []);
  });

  it("would find a field that does not exist, a wrong type, and what is missing", () => {
    const spec = Object.entries(stack["spec"] as object).filter(([name]) => name !== "stack");
    const wrong = { ...Object.fromEntries(spec), resyncSeconds: 1, shallow: "yes" };
    assert.deepEqual(problemsOf({ ...stack, spec: wrong }, schema, ""), [
      ".spec must have stack",
      ".spec.shallow must be boolean",
      ".spec.resyncSeconds is unknown",
    ]);
  });
});

/** From the file that `PULUMI_OPERATOR_CRD` names, else from the operator's repository, if that can be reached. */
async function readCrd(): Promise<string | undefined> {
  const file = process.env["PULUMI_OPERATOR_CRD"];
  if (file !== undefined) return readFile(file, "utf8");
  try {
    const answer = await fetch(CRD, { signal: AbortSignal.timeout(20_000) });
    return answer.ok ? await answer.text() : undefined;
  } catch {
    return undefined;
  }
}

function problemsOf(value: unknown, schema: Schema, at: string): string[] {
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return [`${at} must be one of ${String(schema.enum)}`];
  if (Array.isArray(value))
    return schema.type === "array"
      ? value.flatMap((item, i) => problemsOf(item, schema.items ?? {}, `${at}[${i}]`))
      : [`${at} must be ${schema.type}`];
  if (typeof value !== "object" || value === null) {
    const type = Number.isInteger(value) ? "integer" : typeof value;
    return schema.type === undefined || schema.type === type ? [] : [`${at} must be ${schema.type}`];
  }
  const missing = (schema.required ?? []).filter((name) => !(name in value));
  return [
    ...missing.map((name) => `${at} must have ${name}`),
    ...Object.entries(value).flatMap(([name, inner]) => {
      const more = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
      const known = schema.properties?.[name] ?? more;
      if (known !== undefined) return problemsOf(inner, known, `${at}.${name}`);
      // Kubernetes knows what is in there by itself.
      const isOpen = schema["x-kubernetes-preserve-unknown-fields"] || schema.properties === undefined;
      return isOpen ? [] : [`${at}.${name} is unknown`];
    }),
  ];
}

describe("examples/fleet/pulumi-deployments, by the types of Pulumi's own package", () => {
  it("sets up each stack once, at a time that follows from its name, and keeps no secret", async () => {
    const registered: { type: string; name: string; inputs: Record<string, unknown> }[] = [];
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          registered.push({ type, name, inputs: inputs as Record<string, unknown> });
          return { id: name, state: inputs as Record<string, unknown> };
        },
        call: ({ inputs }) => inputs as Record<string, unknown>,
      },
      "himl-deployments",
      "production",
    );
    pulumi.runtime.setAllConfig({
      "himl-deployments:organization": "contoso",
      "himl-deployments:stacks": '["team-a","team-b"]',
      ...Object.fromEntries(
        ["provisionerClientId", "tenantId", "subscriptionId"].map((name) => [
          `himl-deployments:${name}`,
          name,
        ]),
      ),
    });
    deploymentsProgram();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const ofTeam = registered.filter(({ inputs }) => inputs["stack"] === "team-a");
    assert.deepEqual(ofTeam.map(({ type }) => type.split(":").at(-1)).sort(), [
      "DeploymentSchedule",
      "DeploymentSettings",
      "DriftSchedule",
    ]);
    const crons = registered.flatMap(({ inputs }) => (inputs["scheduleCron"] as string | undefined) ?? []);
    assert.equal(new Set(crons).size, 4, crons.join("\n"));
    for (const cron of crons) assert.match(cron, /^[1-5]?\d (1?\d|2[0-3]) \* \* [0-6*]$/);
    assert.doesNotMatch(JSON.stringify(registered), /secret|passphrase|password/i);
  });
});
