import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { HimlServicePrincipal, type HimlServicePrincipalArgs } from "../../components/himl-service-principal";
import {
  allOf,
  CALLER,
  INSTANCE,
  record,
  recordOptions,
  settled,
  SUBSCRIPTION,
  TENANT,
  type Call,
  type RecordedOptions,
} from "./recorder";

const GET_WORKSPACE = "azure-native:machinelearningservices:getWorkspace";
const GET_VAULT = "azure-native:keyvault:getVault";
const GET_SECRET = "azure-native:keyvault:getSecret";
const VAULTS = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml/providers/Microsoft.KeyVault/vaults`;
const PASSWORD = "dev-fc1a8e64-HIML-SERVICE-PRINCIPAL-PASSWORD";
const TRUST = {
  issuer: "https://token.actions.githubusercontent.com",
  subject: "repo:o/r:ref:refs/heads/main",
};

const notFound: Call = () => {
  throw new Error('request failed: Status=404 Code="ResourceNotFound" Message="There is none."');
};
const CALLS = {
  [GET_WORKSPACE]: () => ({ id: "", keyVault: `${VAULTS.replace("rg-ml", "RG-Safe")}/KV-Workspace` }),
  [GET_VAULT]: () => ({
    properties: {
      accessPolicies: [{ objectId: CALLER, permissions: { secrets: ["all"] } }],
      enableSoftDelete: false,
    },
  }),
  [GET_SECRET]: notFound,
};

/** As the engine is told that a value is a secret: https://github.com/pulumi/pulumi sdk/go/common/resource/sig. */
const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

async function declare(
  args: Partial<HimlServicePrincipalArgs>,
  options: { calls?: Record<string, Call>; opts?: pulumi.ComponentResourceOptions; preview?: boolean } = {},
) {
  const recording = await record(
    () => {
      const given = { workspaceName: "ws-ml", resourceGroupName: "RG-ml", ...args };
      const principal = new HimlServicePrincipal("himl", given, options.opts);
      return { result: principal, urns: [allOf(principal)] };
    },
    { calls: { ...CALLS, ...options.calls }, preview: options.preview ?? false },
  );
  const secrets = recording.registrations.filter(({ type }) => type === "azure-native:keyvault:Secret");
  return { ...recording, secrets, message: recording.errors[0]?.message };
}

describe("A Key Vault of the component", () => {
  it("gets the password, with its end, the mark of its instance and the slot that it is from", async () => {
    const { errors, secrets, result } = await declare({ keyVault: "KV-ml" });
    assert.deepEqual(errors, []);
    assert.deepEqual(secrets, [
      {
        type: "azure-native:keyvault:Secret",
        name: `himl-key-vault-kv-ml-${PASSWORD}`,
        inputs: {
          resourceGroupName: "rg-ml",
          vaultName: "kv-ml",
          secretName: PASSWORD,
          properties: {
            ...SECRET,
            value: {
              value: "himl-secret-a.value",
              contentType: "Password of a service principal for hi-ml",
              attributes: { enabled: true, expires: Date.parse("2027-05-22T00:00:00Z") / 1000 },
            },
          },
          tags: {
            "managed-by": "himl-service-principal",
            "himl-instance": INSTANCE,
            "himl-stack": "himl-service-principal/dev",
            "himl-variable": "HIML_SERVICE_PRINCIPAL_PASSWORD",
            "himl-slot": "a",
          },
        },
      },
    ]);
    assert.deepEqual(await settled(pulumi.output(result!.details.keyVault)), {
      vaultId: `${VAULTS}/kv-ml`,
      secrets: [PASSWORD],
    });
  });

  it("gets the five other variables too, one after the other and without an end, where that is asked for", async () => {
    const { secrets } = await declare({
      keyVault: { vault: pulumi.output("kv-ml"), allVariables: true, secretPrefix: "T" },
    });
    const [password, ...others] = secrets;
    assert.equal(password!.inputs["secretName"], "t-HIML-SERVICE-PRINCIPAL-PASSWORD");
    const told = others.map(({ inputs }) => [inputs["secretName"], inputs["properties"]]);
    const holds = (value: string) => ({
      value,
      contentType: "Variable for hi-ml",
      attributes: { enabled: true },
    });
    assert.deepEqual(told, [
      ["t-HIML-SERVICE-PRINCIPAL-ID", holds("himl-application.clientId")],
      ["t-HIML-TENANT-ID", holds(TENANT)],
      ["t-HIML-SUBSCRIPTION-ID", holds(SUBSCRIPTION)],
      ["t-HIML-RESOURCE-GROUP", holds("RG-ml")],
      ["t-HIML-WORKSPACE-NAME", holds("ws-ml")],
    ]);
  });

  it("gets the five variables where there is no password", async () => {
    const { secrets } = await declare({
      ...{ keyVault: { vault: "kv-ml", allVariables: true } },
      ...{ authentication: "federated", federatedCredentials: [TRUST] },
    });
    assert.equal(secrets.length, 5);
    assert.ok(!JSON.stringify(secrets).includes("PASSWORD"));
  });

  it("is that of the workspace, wherever it lies, or one that a resource ID names", async () => {
    const placeOf = async (keyVault: pulumi.Input<string>) => {
      const { secrets } = await declare({ keyVault });
      return secrets.map(({ inputs }) => [inputs["resourceGroupName"], inputs["vaultName"]]);
    };
    assert.deepEqual(await placeOf("workspace"), [["rg-safe", "kv-workspace"]]);
    const id = `${VAULTS.replace("rg-ml", "RG-Other").toUpperCase()}/KV-ML/`;
    assert.deepEqual(await placeOf(id), [["rg-other", "kv-ml"]]);
    assert.deepEqual(await placeOf(pulumi.output("kv-later")), [["rg-ml", "kv-later"]]);
  });

  it("takes what may be removed again, even where the component is protected, and goes before it is replaced by force", async () => {
    const options = new Map<string, RecordedOptions>();
    const opts = { protect: true, transformations: [recordOptions(options)] };
    await declare({ keyVault: "kv-ml" }, { opts });
    const { protect, deletedWith, deleteBeforeReplace, parent } = options.get(
      `himl-key-vault-kv-ml-${PASSWORD}`,
    )!;
    assert.deepEqual(
      { protect, deletedWith, deleteBeforeReplace, parent },
      { protect: false, deletedWith: undefined, deleteBeforeReplace: true, parent: "himl" },
    );
  });

  it("lets a transform change what is declared", async () => {
    const { secrets } = await declare({
      keyVault: "kv-ml",
      transform: {
        keyVaultSecret: (args, opts, name) => ({ args: { ...args, tags: { of: name } }, opts }),
      },
    });
    assert.deepEqual(secrets[0]!.inputs["tags"], { of: `himl-key-vault-kv-ml-${PASSWORD}` });
  });

  it("is not asked for where previewChecks is false", async () => {
    const { calls, secrets } = await declare({ keyVault: "kv-ml", previewChecks: false });
    assert.equal(secrets.length, 1);
    assert.ok(!calls.some((token) => token.startsWith("azure-native:keyvault:")));
  });

  it("costs a program that has none nothing: no module of it is loaded", async () => {
    const program = `
      const pulumi = require("@pulumi/pulumi");
      const { HimlServicePrincipal } = require("./components/himl-service-principal");
      const loaded = () => Object.keys(require.cache).filter((file) => /[\\\\/]keyvault[\\\\/]|vault-look-up|key-vault\\.|assignment-look-up|trust-look-up|azure-lists/.test(file));
      const calls = [];
      pulumi.runtime.setMocks({ newResource: ({ name, inputs }) => ({ id: name, state: { ...inputs, result: "${INSTANCE}" } }), call: () => ({ tenantId: "t", subscriptionId: "${SUBSCRIPTION}" }) });
      const declare = (name, more) => new HimlServicePrincipal(name, { workspaceName: "ws-ml", resourceGroupName: "rg-ml", ...more });
      declare("without");
      const before = loaded().length;
      declare("with", { keyVault: "kv-ml", previewChecks: false });
      setTimeout(() => console.log(JSON.stringify({ before, after: loaded().length > 0 })), 200);
    `;
    const { stdout } = await promisify(execFile)(process.execPath, [
      "-r",
      "ts-node/register/transpile-only",
      "-e",
      program,
    ]);
    assert.deepEqual(JSON.parse(stdout), { before: 0, after: true });
  }).timeout(120_000);
});

describe("A Key Vault is refused", () => {
  const refusals: [string, Partial<HimlServicePrincipalArgs>, RegExp][] = [
    [
      "that is no vault",
      { keyVault: "https://kv-ml.vault.azure.net/" },
      /\n {2}keyVault must be the name of a Key Vault, its resource ID, or workspace\. Received "https:\/\/kv-ml\.vault\.azure\.net\/"\.\n {4}`az keyvault list --query "\[\]\.id"` lists resource IDs\. A name alone means a vault in the resource group of the workspace\.$/,
    ],
    [
      "that turns out later to be no vault",
      { keyVault: pulumi.output("kv_ml") },
      /\n {2}keyVault must be the name of a Key Vault, its resource ID, or workspace\. Received "kv_ml"\./,
    ],
    [
      "where there is no password to deliver",
      { keyVault: "kv-ml", authentication: "federated", federatedCredentials: [TRUST] },
      /\n {2}keyVault must be left out if authentication is federated: there is no password to deliver\.\n {4}allVariables delivers the five other variables: {"vault": "NAME", "allVariables": true}\.$/,
    ],
    [
      "that only a look-up knows, where there is none",
      { keyVault: "Workspace", previewChecks: false },
      /\n {2}keyVault must name the vault if previewChecks is false: only Azure tells the vault of the workspace\. Received "Workspace"\./,
    ],
    [
      "in another subscription than the provider's",
      { keyVault: `${VAULTS.replace(SUBSCRIPTION, INSTANCE)}/kv-ml` },
      new RegExp(
        `The subscription of the Key Vault must be the one that the azure-native provider uses\\. Received {"keyVault":"${INSTANCE}","provider":"${SUBSCRIPTION}"}`,
      ),
    ],
    [
      "with a prefix that Key Vault does not take",
      { keyVault: { vault: "kv-ml", secretPrefix: "a_b" } },
      /\n {2}keyVault\.secretPrefix must have 1 to 95 letters of A to Z, digits or hyphens\. Received "a_b"\./,
    ],
    [
      "that is not there, though there is what goes into it",
      { keyVault: { allVariables: true, prefix: "training" } as unknown as string },
      /: 2 problems\.[^]*\n {2}keyVault\.prefix must be one of vault, allVariables, secretPrefix\.[^]*\n {2}keyVault\.vault must be given\./,
    ],
    [
      "that is a plain value's place for an output",
      { keyVault: { vault: "kv-ml", allVariables: pulumi.output(true) as unknown as boolean } },
      /\n {2}keyVault\.allVariables must be a plain value, not an output\./,
    ],
  ];
  for (const [what, args, expected] of refusals) {
    it(`${what}, before anything is registered`, async () => {
      const { message, registrations, errors } = await declare(args);
      assert.match(message ?? "", expected);
      assert.equal(errors.length, 1);
      assert.deepEqual(
        registrations.map(({ name }) => name),
        ["himl"],
      );
    });
  }

  const answers: [string, string, string][] = [
    ["ResourceNotFound", "exist in its resource group", "lists the resource IDs"],
    ["ResourceGroupNotFound", "be in a resource group that exists", "previewChecks to false"],
    ["AuthorizationFailed", "be readable with your login", "role Reader on the vault"],
  ];
  for (const [code, must, remedy] of answers) {
    it(`where Azure says ${code}, before anything is registered`, async () => {
      const refuse: Call = () => {
        throw new Error(`request failed: Status=404 Code="${code}" Message="…"`);
      };
      const { message = "", registrations } = await declare(
        { keyVault: "kv-ml" },
        { calls: { [GET_VAULT]: refuse } },
      );
      assert.ok(message.startsWith("Key Vault: 1 problem. Nothing was changed.\n"), message);
      assert.ok(
        message.includes(`The vault (Azure: ${code}) must ${must}. Received {"subscriptionId"`),
        message,
      );
      assert.ok(message.includes(remedy), message);
      assert.deepEqual(
        registrations.map(({ name }) => name),
        ["himl"],
      );
    });
  }

  it("where the workspace has none", async () => {
    const { message } = await declare(
      { keyVault: "workspace" },
      { calls: { [GET_WORKSPACE]: () => ({ id: "" }) } },
    );
    assert.match(message ?? "", /keyVault must name the vault: Azure reports none for the workspace\./);
  });

  const owned = (instance: string | undefined): Call => {
    return ({ secretName }) => ({ name: secretName, tags: instance ? { "himl-instance": instance } : {} });
  };
  it("where a secret of that name is another's, and not where it is this instance's", async () => {
    for (const whose of [undefined, "11111111-aaaa-4aaa-8aaa-111111111111"]) {
      const { message, secrets } = await declare(
        { keyVault: "kv-ml" },
        { calls: { [GET_SECRET]: owned(whose) } },
      );
      const others = whose ? `; they belong to instance ${whose}` : "";
      assert.ok(
        message?.includes(
          `The names of the secrets must be free in ${VAULTS}/kv-ml${others}. Received ["${PASSWORD}"].`,
        ),
        message,
      );
      assert.deepEqual(secrets, []);
    }
    const { errors, secrets } = await declare(
      { keyVault: "kv-ml" },
      { calls: { [GET_SECRET]: owned(INSTANCE.toUpperCase()) } },
    );
    assert.deepEqual([errors, secrets.length], [[], 1]);
  });

  it("not where somebody wrote over the secret by hand, and its mark is gone: the last deployment delivered it", async () => {
    const urn = "urn:pulumi:dev::himl-service-principal::himl-service-principal:index:HimlServicePrincipal";
    const lastOutputs = (secrets: string[], instanceId = INSTANCE) => ({
      "pulumi:pulumi:readStackResourceOutputs": () => ({
        outputs: {
          [`${urn}::himl`]: { outputs: { details: { keyVault: { vaultId: `${VAULTS}/KV-ml`, secrets } } } },
          [`${urn}$random:index/randomUuid:RandomUuid::himl-instance`]: { outputs: { result: instanceId } },
        },
      }),
    });
    const declareOver = (last: Record<string, Call>, whose?: string) =>
      declare({ keyVault: "kv-ml" }, { calls: { [GET_SECRET]: owned(whose), ...last } });
    const own = await declareOver(lastOutputs([PASSWORD]));
    assert.deepEqual([own.errors, own.secrets.length], [[], 1]);

    const other = "11111111-aaaa-4aaa-8aaa-111111111111";
    for (const refused of [
      await declareOver(lastOutputs([])),
      await declareOver(lastOutputs([PASSWORD], other)),
    ]) {
      assert.match(
        refused.message ?? "",
        /mark it again: `az keyvault secret set-attributes --vault-name kv-ml --name \S+ --tags himl-instance=\S+`\./,
      );
    }
    // What is marked as another's stays another's.
    const theirs = await declareOver(lastOutputs([PASSWORD]), other);
    assert.match(theirs.message ?? "", /they belong to instance 11111111/);
    assert.doesNotMatch(theirs.message ?? "", /mark it again/);
  });
});
