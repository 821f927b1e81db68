import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { EngineError } from "../../rehearsal/engine/engine-error";
import { callResourceManager } from "../../rehearsal/stand-ins/azure-native/resource-manager";
import { useShared } from "../support/shared";
import { asAdmin, openOwnWorld, requestToken } from "./support";

const VAULT = "kv-own";
const ALL = ["get", "list", "delete", "recover"] as const;

describe("A password in a Key Vault, on the real engine", () => {
  const world = useShared(openOwnWorld);

  beforeEach(async () => {
    await world.reset();
    await world.session.logIn(world.azure.direct);
    const { admin, control } = world.azure;
    control.createKeyVault({
      ...{ name: VAULT, rbac: false, softDeleteRetentionInDays: 7 },
      accessPolicies: [{ objectId: admin.objectId, secrets: [...ALL] }],
    });
    await world.session.configure({ keyVault: VAULT });
  });

  const secretsIn = (vault = VAULT) =>
    world.azure.control.state().vaults.find(({ name }) => name === vault)!.secrets;
  const hash = (value: unknown) => createHash("sha256").update(String(value)).digest("hex");
  const passwordOf = ({ outputs }: { outputs: Record<string, unknown> }) =>
    String(outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"]);
  const mayNot = () =>
    world.azure.control.setAccessPolicy(VAULT, { objectId: world.azure.admin.objectId, secrets: [] });
  const may = () =>
    world.azure.control.setAccessPolicy(VAULT, { objectId: world.azure.admin.objectId, secrets: [...ALL] });

  /** As in the portal: without tags. */
  const writeByHand = (name: string) =>
    asAdmin(world.azure, (connection) => {
      const { subscriptionId, resourceGroup } = world.azure;
      const path = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.KeyVault/vaults/${VAULT}/secrets/${name}`;
      const body = { properties: { value: "theirs" }, tags: {} };
      return callResourceManager(
        connection,
        { method: "PUT", path, apiVersion: "2024-11-01", body },
        [200, 201],
      );
    });

  async function failure(action: Promise<unknown>): Promise<string> {
    try {
      await action;
    } catch (error) {
      if (error instanceof EngineError && error.code === "ENGINE_FAILED") return error.message;
      throw error;
    }
    return assert.fail("Nothing refused it.");
  }

  /** What wrote to Azure, in order, as far as a renewal is about it. */
  function writes(): string[] {
    const words: [RegExp, string][] = [
      [/^POST .*\/addPassword$/, "new password"],
      [/^PUT .*\/vaults\/kv-own\/secrets\/[^/]+$/i, "into the vault"],
      [/^POST .*\/removePassword$/, "old password removed"],
    ];
    return world.azure.control
      .requests()
      .flatMap(({ method, path }) => words.find(([pattern]) => pattern.test(`${method} ${path}`))?.[1] ?? []);
  }

  it("is there after an up, and after each renewal as a new version that logs in, before the old one goes", async () => {
    const { session, azure } = world;
    const first = await session.up();
    const name = secretsIn()[0]!.name;
    assert.match(name, /^[0-9a-z-]+-[0-9a-f]{8}-HIML-SERVICE-PRINCIPAL-PASSWORD$/);
    assert.deepEqual((first.outputs["details"] as { keyVault: unknown }).keyVault, {
      vaultId: `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup.toLowerCase()}/providers/Microsoft.KeyVault/vaults/${VAULT}`,
      secrets: [name],
    });
    const again = await session.preview();
    assert.deepEqual(Object.keys(again.counts), ["same"]);
    assert.deepEqual(again.warnings, []);

    azure.control.advanceClock({ days: 90 });
    const second = await session.up();
    assert.deepEqual(
      second.steps.filter(({ type }) => type.endsWith(":Secret")).map(({ operation }) => operation),
      ["update"],
    );
    azure.control.advanceClock({ days: 90 });
    azure.control.clearRequests();
    const third = await session.up();
    assert.deepEqual(writes(), ["new password", "into the vault", "old password removed"]);

    const [secret, ...more] = secretsIn();
    assert.deepEqual(more, []);
    const passwords = [first, second, third].map(passwordOf);
    assert.deepEqual(
      secret!.versions.map(({ sha256 }) => sha256),
      passwords.map(hash),
    );
    const { expires, tags, enabled } = secret!.versions.at(-1)!;
    const { secrets, instanceId } = third.outputs["details"] as {
      secrets: { ends: string; slot: string }[];
      instanceId: string;
    };
    assert.equal(new Date(expires!).toISOString(), new Date(secrets[0]!.ends).toISOString());
    assert.deepEqual(
      [tags["himl-instance"], tags["himl-slot"], enabled],
      [instanceId, secrets[0]!.slot, true],
    );
    const clientId = String(third.outputs["HIML_SERVICE_PRINCIPAL_ID"]);
    assert.ok((await requestToken(azure, clientId, { client_secret: passwords[2]! })).access_token);
    const state = JSON.stringify(await session.exportState());
    for (const password of passwords) assert.ok(!state.includes(password));
  });

  it("is written again where somebody wrote over it by hand, which takes its marks away: a refresh and an up", async () => {
    const { session } = world;
    const { outputs } = await session.up();
    await writeByHand(secretsIn()[0]!.name);
    await session.refresh();
    await session.up();
    const { sha256, tags, enabled } = secretsIn()[0]!.versions.at(-1)!;
    assert.deepEqual([sha256, tags["himl-slot"], enabled], [hash(passwordOf({ outputs })), "a", true]);
  });

  it("is deleted by destroy, and a later up recovers its name, where this login may do both", async () => {
    const { session } = world;
    await session.up();
    const { name } = secretsIn()[0]!;
    await session.destroy();
    assert.notEqual(secretsIn()[0]!.deletedDateTime, null);
    const back = await session.up();
    const [secret, ...more] = secretsIn();
    assert.deepEqual([secret!.name, secret!.deletedDateTime, more], [name, null, []]);
    assert.equal(secret!.versions.at(-1)!.sha256, hash(passwordOf(back)));
  });

  it("keeps a destroy from going on where this login may not delete; with the right it goes on", async () => {
    const { session, azure } = world;
    mayNot();
    await session.up();
    assert.match(await failure(session.destroy()), /does not have secrets delete permission on key vault/);
    may();
    await session.destroy();
    assert.notEqual(secretsIn()[0]!.deletedDateTime, null);
    assert.deepEqual(
      azure.control.state().applications.filter(({ initial }) => !initial),
      [],
    );
  });

  it("whoever gets no right to delete takes its record out of the state: all but what is in the vault is revoked", async () => {
    const { session, azure } = world;
    await session.configure({ keyVault: JSON.stringify({ vault: VAULT, allVariables: true }) });
    mayNot();
    await session.up();
    await failure(session.destroy());
    const { resources } = (await session.exportState()) as { resources: { urn: string; type: string }[] };
    const { urn } = resources.find(({ type }) => type === "azure-native:keyvault:Secret")!;
    const args = ["state", "delete", urn, "--target-dependents", "--yes", "--stack", session.stackName];
    const { exitCode, stderr } = await session.pulumi(args);
    assert.equal(exitCode, 0, stderr);
    await session.destroy();
    assert.ok(secretsIn().length > 1 && secretsIn().every(({ deletedDateTime }) => deletedDateTime === null));
    assert.deepEqual(
      azure.control.state().applications.filter(({ initial }) => !initial),
      [],
    );
  });

  it("keeps a destroy from going on behind a firewall", async () => {
    const { session, azure } = world;
    const accessPolicies = [{ objectId: azure.admin.objectId, secrets: [...ALL] }];
    azure.control.createKeyVault({ name: "kv-closed", rbac: false, firewall: true, accessPolicies });
    await session.configure({ keyVault: "kv-closed" });
    await session.up();
    assert.match(await failure(session.destroy()), /Client address is not authorized/);
    assert.equal(secretsIn("kv-closed")[0]!.deletedDateTime, null);
  });

  it("is refused where this login may not write secrets; the new password is delivered by the next up with the right", async () => {
    const { session, azure } = world;
    const { clientId, clientSecret } = azure.control.createCaller({
      displayName: "without Key Vault",
      graphPermissions: ["Application.ReadWrite.OwnedBy"],
      role: "User Access Administrator",
    });
    await session.logIn({ ...azure.direct, ARM_CLIENT_ID: clientId, ARM_CLIENT_SECRET: clientSecret });
    const message = await failure(session.up());
    assert.match(message, /AuthorizationFailed[^]*Microsoft\.KeyVault\/vaults\/secrets\/write/);
    assert.deepEqual(secretsIn(), []);
    await session.logIn(azure.direct);
    const { outputs } = await session.up();
    assert.equal(secretsIn()[0]!.versions.at(-1)!.sha256, hash(outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"]));
  });

  it("cannot be written where its name is that of a deleted secret that this login may not recover, and Azure says why", async () => {
    const { session } = world;
    await session.up();
    await session.destroy();
    mayNot();
    assert.match(await failure(session.up()), /is currently in a deleted but recoverable state/);
    await session.configure({ keyVault: JSON.stringify({ vault: VAULT, secretPrefix: "other" }) });
    await session.up();
    assert.ok(
      secretsIn().some(({ name, deletedDateTime }) => name.startsWith("other-") && deletedDateTime === null),
    );
    await session.configure({ keyVault: VAULT });
  });

  it("brings all six variables into the vault of the workspace, whose readers the preview names", async () => {
    const { session } = world;
    await session.configure({ keyVault: JSON.stringify({ vault: "workspace", allVariables: true }) });
    const { warnings } = await session.preview();
    assert.ok(
      warnings.some((warning) =>
        warning.includes("everybody who may run a job in the workspace can read the password there"),
      ),
    );
    const { outputs } = await session.up();
    const held = secretsIn("kv-ml").map(({ name, versions }) => [
      name.slice(name.indexOf("HIML")).replaceAll("-", "_"),
      versions.at(-1)!.sha256,
    ]);
    const wanted = Object.entries(outputs).filter(([name]) => name.startsWith("HIML_"));
    assert.deepEqual(held.sort(), wanted.map(([name, value]) => [name, hash(value)]).sort());
    const { warnings: losses } = await session.configure({ keyVault: VAULT }).then(() => session.preview());
    assert.match(losses[0] ?? "", /^Key Vault kv-ml loses .*: jobs that read them there will fail\.$/);
  });

  it("is refused in preview where there is no such vault, and where another stack's secret has the name", async () => {
    const { session } = world;
    await session.configure({ keyVault: "kv-none" });
    const missing = await failure(session.preview());
    assert.match(missing, /The vault \(Azure: ResourceNotFound\) must exist in its resource group\./);

    await session.configure({ keyVault: JSON.stringify({ vault: VAULT, secretPrefix: "shared" }) });
    await writeByHand("shared-HIML-SERVICE-PRINCIPAL-PASSWORD");
    const taken = await failure(session.preview());
    assert.match(
      taken,
      /The names of the secrets must be free in .*\/vaults\/kv-own\. Received \["shared-HIML-SERVICE-PRINCIPAL-PASSWORD"\]/,
    );
    await session.configure({ keyVault: VAULT });
  });
});
