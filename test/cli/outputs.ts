import type { StackDetails } from "../../stack/contract";
import type { Answer } from "./stand-ins";

/** Values with the alphabet of Entra's secrets; made up. */
export const VALUES = {
  HIML_SERVICE_PRINCIPAL_ID: "4c8e3a56-0f5e-4a52-8c9c-25e10ab3b0ad",
  HIML_SERVICE_PRINCIPAL_PASSWORD: "aB1~9.cD-2_eFgHiJkLmNoPqRsTuVwXyZ0123456",
  HIML_TENANT_ID: "7d3f1f5c-6f5a-4ac1-9c34-0e2f8b7c9d11",
  HIML_SUBSCRIPTION_ID: "5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36",
  HIML_RESOURCE_GROUP: "rg-ml(west)",
  HIML_WORKSPACE_NAME: "ws-ml",
};

export const DETAILS: StackDetails = {
  version: 1,
  instanceId: "0a4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c11",
  applicationName: "himl-sp-dev",
  applicationObjectId: "1b4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c22",
  servicePrincipalObjectId: "2c4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c33",
  authentication: "secret",
  secrets: [
    {
      slot: "b",
      keyId: "3d4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c44",
      starts: "2026-10-18T00:00:00Z",
      ends: "2027-04-16T00:00:00Z",
      current: true,
    },
    {
      slot: "a",
      keyId: "4e4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c55",
      starts: "2026-07-20T00:00:00Z",
      ends: "2027-01-16T00:00:00Z",
      current: false,
    },
  ],
  trusts: [],
  roles: [
    {
      role: "Contributor",
      scope: `/subscriptions/${VALUES.HIML_SUBSCRIPTION_ID}/resourceGroups/rg-ml(west)`,
    },
  ],
};

/** What the `pulumi` command answers to those who read the outputs of a stack. */
export function answersOfPulumi(
  details: StackDetails = DETAILS,
  values: Partial<typeof VALUES> = VALUES,
): Answer[] {
  const outputs: Record<string, unknown> = { ...values, details };
  if (details.authentication === "federated") delete outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"];
  const hidden = { ...outputs };
  if ("HIML_SERVICE_PRINCIPAL_PASSWORD" in hidden) hidden["HIML_SERVICE_PRINCIPAL_PASSWORD"] = "[secret]";
  return [
    { args: ["stack", "output", "--json", "--show-secrets"], stdout: JSON.stringify(outputs) },
    answerOfExport(hidden),
    { args: ["stack", "--show-name"], stdout: "dev\n" },
  ];
}

/** What `gh` answers when it is asked for a repository. */
export function answerOfRepository(fullName: string, more: object = {}, host = "github.com"): Answer {
  const [login, name] = fullName.split("/");
  return {
    args: ["api", "--hostname", host, `repos/${fullName}`],
    stdout: JSON.stringify({ id: 2, name, owner: { id: 1, login, type: "Organization" }, ...more }),
  };
}

/** What `pulumi stack export` answers; an output "[secret]" is encrypted there. */
export function answerOfExport(outputs: object): Answer {
  const encrypted = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    ciphertext: "x",
  };
  const text = JSON.stringify(outputs).replaceAll('"[secret]"', JSON.stringify(encrypted));
  const resources = [{ type: "pulumi:pulumi:Stack", outputs: JSON.parse(text) as object }];
  return { args: ["stack", "export"], stdout: JSON.stringify({ version: 3, deployment: { resources } }) };
}
