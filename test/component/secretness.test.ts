import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { HimlServicePrincipal, type HimlServicePrincipalArgs } from "../../components/himl-service-principal";
import { allOf, CALLER, record, SUBSCRIPTION } from "./recorder";

/** Every value of the outputs, by its path, that is a secret. */
async function secretsOf(args: Partial<HimlServicePrincipalArgs>): Promise<string[]> {
  const { result, errors } = await record(() => {
    const principal = new HimlServicePrincipal("himl", {
      workspaceName: "ws-ml",
      resourceGroupName: "rg-ml",
      roles: [
        { role: "Reader", scope: "subscription" },
        { role: "Contributor" },
        { role: "AcrPull", scope: "workspace" },
        { role: "AcrPush", scope: `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-data` },
      ],
      ...args,
    });
    return { result: principal, urns: [allOf(principal)] };
  });
  assert.deepEqual(errors, []);
  const secrets: string[] = [];
  const visit = async (path: string, value: unknown): Promise<void> => {
    if (pulumi.Output.isInstance(value)) {
      if (await pulumi.isSecret(value)) secrets.push(path);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    for (const [key, one] of Object.entries(value)) await visit(path === "" ? key : `${path}.${key}`, one);
  };
  const { clientId, clientSecret, tenantId, subscriptionId, resourceGroupName, workspaceName, details } =
    result!;
  const variables = { clientId, clientSecret, tenantId, subscriptionId, resourceGroupName, workspaceName };
  await visit("", { ...variables, details });
  return secrets.sort();
}

describe("An argument that is secret makes a secret of what holds it, and of nothing else", () => {
  const secret = pulumi.secret;
  const rows: [argument: string, args: () => Partial<HimlServicePrincipalArgs>, secrets: string[]][] = [
    ["none", () => ({}), []],
    ["an output that is no secret", () => ({ resourceGroupName: pulumi.output("rg-ml") }), []],
    ["displayName", () => ({ displayName: secret("name") }), ["details.applicationName"]],
    ["description", () => ({ description: secret("text") }), []],
    ["serviceManagementReference", () => ({ serviceManagementReference: secret("4711") }), []],
    ["owners", () => ({ owners: secret([CALLER]) }), []],
  ];
  for (const [argument, args, expected] of rows)
    it(argument, async () => {
      assert.deepEqual(await secretsOf(args()), ["clientSecret", ...expected].sort());
    });
});
