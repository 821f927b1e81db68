import assert from "node:assert/strict";
import * as managedidentity from "@pulumi/azure-native/managedidentity";
import * as pulumi from "@pulumi/pulumi";
import type { LocalAzure } from "../../local-azure/local-azure";
import { openWorld, requireEngine } from "./support";

const ISSUER = "https://token.actions.githubusercontent.com";

/** An identity with two trusts; each waits for the ones before it unless `together` is set. */
function program({ resourceGroup, location }: LocalAzure): Promise<Record<string, unknown>> {
  const config = new pulumi.Config();
  const identity = new managedidentity.UserAssignedIdentity("identity", {
    resourceGroupName: resourceGroup,
    resourceName: "id-ml",
    location,
    tags: { of: config.get("owner") ?? "me" },
  });
  const trusts: pulumi.Resource[] = [];
  for (const name of ["one", "two", "three"]) {
    const args = {
      resourceGroupName: resourceGroup,
      resourceName: identity.name,
      federatedIdentityCredentialResourceName: `trust-${name}`,
      issuer: ISSUER,
      subject: `${config.get("subject") ?? "subject"}-${name}`,
      audiences: ["api://AzureADTokenExchange"],
    };
    const dependsOn = config.getBoolean("together") ? [] : [...trusts];
    trusts.push(new managedidentity.FederatedIdentityCredential(name, args, { dependsOn }));
  }
  const { clientId, principalId, tenantId } = identity;
  return Promise.resolve({ id: identity.id, clientId, principalId, tenantId });
}

describe("the stand-ins of azure-native's managed identities, under the real engine", () => {
  let world: Awaited<ReturnType<typeof openWorld>>;

  before(async function () {
    world = await openWorld(await requireEngine(this), program);
  });
  after(() => world?.close());
  beforeEach(async () => {
    await world.reset();
    await world.session.configure({ owner: undefined, subject: undefined, together: undefined });
  });

  it("create, change in place, keep after a refresh, and destroy", async () => {
    const { session, azure } = world;
    const { outputs } = await session.up();
    const [identity] = azure.control.state().managedIdentities;
    assert.equal(outputs["clientId"], identity!.clientId);
    assert.equal(outputs["principalId"], identity!.principalId);
    assert.equal(outputs["id"], identity!.id);
    await session.refresh();
    assert.deepEqual((await session.up()).counts, { same: 5 });
    await session.configure({ owner: "you", subject: "changed" });
    assert.deepEqual((await session.up()).counts, { same: 1, update: 4 });
    const changed = azure.control.state().managedIdentities[0]!;
    assert.equal(changed.clientId, identity!.clientId);
    assert.deepEqual(changed.tags, { of: "you" });
    assert.ok(changed.federatedCredentials.every(({ subject }) => subject!.startsWith("changed-")));
    await session.destroy();
    assert.deepEqual(azure.control.state().managedIdentities, []);
  });

  it("fail where trusts of one identity are written side by side", async () => {
    await world.session.configure({ together: "true" });
    await assert.rejects(world.session.up(), /ConcurrentFederatedIdentityCredentialsWrites/);
  });
});
