import assert from "node:assert/strict";
import path from "node:path";
import { startLocalAzure, type LocalAzure } from "../../local-azure/local-azure";
import { skipUnlessAvailable } from "./availability";
import { AzureCli } from "./azure-cli";
import { pythonEnvironment, type PythonEnvironment } from "./environments";
import { run } from "./processes";
import { Sandbox, type WayIn, WAYS_IN } from "./sandbox";
import { assertAllAnswered } from "./unanswered";

const VAULT = "kv-test";

/** One local Azure with a vault, and an officer of its secrets. */
function useVault() {
  let azure: LocalAzure;
  let sandbox: Sandbox;

  before(async () => {
    sandbox = await Sandbox.create();
    azure = await startLocalAzure();
    azure.control.createKeyVault({ name: VAULT, softDeleteRetentionInDays: 7 });
  });

  after(async () => {
    await azure?.close();
    await sandbox?.remove();
    if (azure !== undefined) assertAllAnswered(azure);
  });

  return {
    get azure() {
      return azure;
    },
    get sandbox() {
      return sandbox;
    },
    caller: (role: string) => azure.control.createCaller({ displayName: "somebody", role }),
    secretOf: (name: string) =>
      azure.control
        .state()
        .vaults.find((vault) => vault.name === VAULT)!
        .secrets.find((secret) => secret.name === name),
  };
}

describe("azure-cli with a key vault, by its public host", function () {
  this.timeout(120_000);
  const world = useVault();
  let az: AzureCli;

  before(async function () {
    this.timeout(1_200_000);
    const environment = await skipUnlessAvailable(this, "azure-cli", () => pythonEnvironment("azure-cli"));
    const { azure, sandbox } = world;
    az = await AzureCli.create(environment, azure, "public", sandbox);
    const { clientId, clientSecret: secret } = world.caller("Key Vault Administrator");
    await az.succeed(...AzureCli.loginArguments({ clientId, secret, tenantId: azure.tenantId }));
  });

  const secret = (command: string, ...more: string[]) => [
    ...["keyvault", "secret", command, "--vault-name", VAULT],
    ...more,
  ];
  const named = ["--name", "password"];

  it("sets, shows, lists, deletes, recovers and purges a secret", async () => {
    interface Shown {
      id: string;
      value: string;
      attributes: { expires: string; recoverableDays: number };
    }
    const expires = `${new Date(Date.now() + 365 * 86_400_000).toISOString().slice(0, 19)}Z`;
    const set = await az.json<Shown>(...secret("set", ...named, "--value", "one", "--expires", expires));
    const shown = await az.json<Shown>(...secret("show", ...named));
    assert.deepEqual(shown, set);
    assert.equal(shown.value, "one");
    assert.equal(Date.parse(shown.attributes.expires), Date.parse(expires));
    assert.equal(shown.attributes.recoverableDays, 7);
    const listed = await az.json<{ name: string }[]>(...secret("list"));
    assert.deepEqual(
      listed.map(({ name }) => name),
      ["password"],
    );
    const deleted = await az.json<{ scheduledPurgeDate: string }>(...secret("delete", ...named));
    assert.ok(Date.parse(deleted.scheduledPurgeDate) > Date.now() + 6.9 * 86_400_000);
    assert.match(
      await az.refusal(...secret("set", ...named, "--value", "two")),
      /^ERROR: \(Conflict\) Secret password is currently in a deleted but recoverable state.*ObjectIsDeletedButRecoverable/s,
    );
    await az.succeed(...secret("recover", ...named));
    assert.equal((await az.json<Shown>(...secret("show", ...named))).value, "one");
    await az.succeed(...secret("delete", ...named));
    await az.succeed(...secret("purge", ...named));
    assert.equal(world.secretOf("password"), undefined);
  });

  it("finds and lists vaults", async () => {
    const shown = await az.json<{ name: string; properties: { softDeleteRetentionInDays: number } }>(
      ...["keyvault", "show", "--name", VAULT],
    );
    assert.deepEqual([shown.name, shown.properties.softDeleteRetentionInDays], [VAULT, 7]);
    const listed = await az.json<{ name: string }[]>("keyvault", "list");
    assert.deepEqual(listed.map(({ name }) => name).sort(), ["kv-ml", VAULT]);
  });
});

type Step = [name: string, ...args: string[]];
interface Result {
  value?: unknown;
  error?: { type: string; status: number; code: string; inner: string | null };
}

for (const way of WAYS_IN) {
  describe(`azure-keyvault-secrets and azure-identity, ${way} way in`, function () {
    this.timeout(120_000);
    const world = useVault();
    let environment: PythonEnvironment;

    before(async function () {
      this.timeout(1_200_000);
      environment = await skipUnlessAvailable(this, "azure-keyvault-secrets", () =>
        pythonEnvironment("azure-keyvault-secrets"),
      );
    });

    async function perform(role: string, steps: Step[]): Promise<Result[]> {
      const { azure, sandbox } = world;
      const caller = world.caller(role);
      const env = await sandbox.environment({
        ...azure[way],
        AZURE_TENANT_ID: azure.tenantId,
        AZURE_CLIENT_ID: caller.clientId,
        AZURE_CLIENT_SECRET: caller.clientSecret,
      });
      const script = path.join(__dirname, "key_vault_client.py");
      const finished = await run(environment.python, [script, urlOf(azure, way), JSON.stringify(steps)], {
        env,
      });
      assert.equal(finished.exitCode, 0, finished.stderr);
      return JSON.parse(finished.stdout) as Result[];
    }

    it("writes, reads, lists, deletes, recovers and purges a secret", async () => {
      const results = await perform("Key Vault Secrets Officer", [
        ["set", "password", "one"],
        ["set", "password", "two"],
        ["get", "password"],
        ["list"],
        ["list_versions", "password"],
        ["delete", "password"],
        ["set", "password", "three"],
        ["list_deleted"],
        ["recover", "password"],
        ["get", "password"],
        ["disable", "password"],
        ["get", "password"],
        ["delete", "password"],
        ["purge", "password"],
        ["get", "password"],
      ]);
      const versions = world.azure.control.requests().filter(({ api }) => api === "vault");
      assert.ok(versions.length > results.length);
      const [first, second] = results.map(({ value }) => value as { version: string });
      const two = { value: "two", version: second!.version, tags: { of: "me" } };
      assert.deepEqual(results.slice(2), [
        { value: two },
        { value: ["password"] },
        { value: [first!.version, second!.version] },
        { value: `${urlOf(world.azure, way)}/deletedsecrets/password` },
        {
          error: {
            type: "ResourceExistsError",
            status: 409,
            code: "Conflict",
            inner: "ObjectIsDeletedButRecoverable",
          },
        },
        { value: ["password"] },
        { value: "password" },
        { value: two },
        { value: false },
        {
          error: {
            type: "HttpResponseError",
            status: 403,
            code: "Forbidden",
            inner: "SecretDisabled",
          },
        },
        { value: `${urlOf(world.azure, way)}/deletedsecrets/password` },
        { value: null },
        { error: { type: "ResourceNotFoundError", status: 404, code: "SecretNotFound", inner: null } },
      ]);
    });

    it("is refused where the role does not allow it", async () => {
      const [read, written] = await perform("Key Vault Secrets User", [["list"], ["set", "password", "one"]]);
      assert.deepEqual(read, { value: [] });
      assert.deepEqual(written!.error, {
        type: "HttpResponseError",
        status: 403,
        code: "Forbidden",
        inner: "ForbiddenByRbac",
      });
    });
  });
}

function urlOf(azure: LocalAzure, way: WayIn): string {
  return way === "public"
    ? `https://${VAULT}.vault.azure.net`
    : `https://${VAULT}.vault.localhost:${new URL(azure.url).port}`;
}
