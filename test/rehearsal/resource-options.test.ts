import assert from "node:assert/strict";
import { symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { Provider as AzureProvider } from "@pulumi/azure-native/provider";
import { Provider as EntraProvider } from "@pulumi/azuread/provider";
import * as pulumi from "@pulumi/pulumi";
import { RandomUuid } from "@pulumi/random/randomUuid";
import { HimlServicePrincipal, type HimlServicePrincipalArgs } from "../../components/himl-service-principal";
import { type LocalAzure, startLocalAzure } from "../../local-azure/local-azure";
import { Session } from "../../rehearsal/engine/session";
import { openWorld, PROJECT, requireEngine, type SharedWorld, withFolder } from "./support";

const ISSUER = "https://token.actions.githubusercontent.com";

/** Options that would leave things in Azure. */
const HARMFUL = {
  protect: true,
  retainOnDelete: true,
  ignoreChanges: ["rotateWhenChanged", "endDate", "scope", "subject"],
};

/** How somebody sets them, on every secret, trust and role. */
interface Way {
  name?: string;
  args?: Partial<HimlServicePrincipalArgs>;
  opts?: pulumi.ComponentResourceOptions;
  before?: () => void;
}

const REVOKED = /Password$|IdentityCredential$|RoleAssignment$/;

describe("Whatever resource options the component has, on the real engine", function () {
  this.timeout(120_000);
  let world: SharedWorld;
  let way: Way = {};
  let generation = 1;

  before(async function () {
    this.timeout(900_000);
    world = await openWorld(await requireEngine(this), (azure) => {
      way.before?.();
      const principal = new HimlServicePrincipal(
        way.name ?? "himl",
        {
          resourceGroupName: azure.resourceGroup,
          workspaceName: azure.workspaceName,
          authentication: "both",
          federatedCredentials: [
            { issuer: ISSUER, subject: "repo:o@1/r@2:ref:refs/heads/main" },
            { issuer: ISSUER, claimsMatchingExpression: "claims['sub'] matches 'repo:o@1/r@2:*'" },
          ],
          secretGeneration: generation,
          ...way.args,
        },
        way.opts,
      );
      return Promise.resolve({ ...principal.outputs });
    });
  });
  after(() => world?.close());
  afterEach(() => {
    way = {};
    generation = 1;
    return world.reset();
  });

  /** What logs in or may do something, and did not before. */
  function left() {
    const { applications, roleAssignments } = world.azure.control.state();
    const own = applications.filter(({ initial }) => !initial);
    return {
      applications: own.length,
      secrets: own.flatMap(({ passwords }) => passwords).length,
      trusts: own.flatMap(({ federatedCredentials }) => federatedCredentials).length,
      roles: roleAssignments.filter(({ initial }) => !initial).length,
    };
  }

  it("protect: a destroy stops at the application, and nobody logs in to it any more", async () => {
    way = { opts: { protect: true } };
    await world.session.up();
    assert.deepEqual(left(), { applications: 1, secrets: 1, trusts: 2, roles: 1 });
    await assert.rejects(world.session.destroy(), /protected/);
    assert.deepEqual(left(), { applications: 1, secrets: 0, trusts: 0, roles: 0 });
    await world.session.up();
    assert.deepEqual(left(), { applications: 1, secrets: 1, trusts: 2, roles: 1 });
  });

  it("retainOnDelete: the application stays, and nobody logs in to it any more", async () => {
    way = { opts: { retainOnDelete: true } };
    await world.session.up();
    await world.session.destroy();
    assert.deepEqual(left(), { applications: 1, secrets: 0, trusts: 0, roles: 0 });
  });

  const ways: Record<string, Way> = {
    "transformations of the component": {
      opts: {
        transformations: [
          ({ type, props, opts }) =>
            REVOKED.test(type) ? { props, opts: { ...opts, ...HARMFUL } } : undefined,
        ],
      },
    },
    "its own transform": {
      args: {
        transform: {
          secret: (args, opts) => ({ args, opts: { ...opts, ...HARMFUL, parent: undefined } }),
          trust: (args, opts) => ({ args, opts: { ...opts, ...HARMFUL } }),
          roleAssignment: (args, opts) => ({ args, opts: { ...opts, ...HARMFUL } }),
        },
      },
    },
  };
  for (const [name, one] of Object.entries(ways)) {
    it(`${name}: the component ignores what would keep secrets, trusts and roles, with a warning`, async () => {
      way = one;
      const planned = await world.session.preview();
      const warnings = planned.warnings.filter((text) => text.includes("The component ignores it"));
      assert.equal(warnings.length, 3, planned.warnings.join("\n"));
      await world.session.up();
      const [before] = world.azure.control.state().applications.filter(({ initial }) => !initial);
      generation = 2;
      await world.session.up();
      const [after] = world.azure.control.state().applications.filter(({ initial }) => !initial);
      assert.deepEqual([before!.passwords.length, after!.passwords.length], [1, 1]);
      assert.notEqual(before!.passwords[0]!.keyId, after!.passwords[0]!.keyId);
      await world.session.destroy();
      assert.deepEqual(left(), { applications: 0, secrets: 0, trusts: 0, roles: 0 });
    });
  }

  it("an application that a transform retains: its trusts are removed all the same", async () => {
    way = {
      args: {
        transform: {
          application: (args, opts) => ({ args, opts: { ...opts, retainOnDelete: true } }),
        },
      },
    };
    await world.session.up();
    await world.session.destroy();
    assert.deepEqual(left(), { applications: 1, secrets: 0, trusts: 0, roles: 0 });
  });

  it("aliases: the component gets another name, and nothing changes", async () => {
    await world.session.up();
    way = { name: "renamed", opts: { aliases: [{ name: "himl" }] } };
    assert.deepEqual(Object.keys((await world.session.up()).counts), ["same"]);
  });

  const lookUps = () =>
    world.azure.control.requests().filter(({ path: at }) => at.includes("/workspaces/")).length;

  it("dependsOn a resource that the program creates: a preview that creates it does not look the workspace up", async () => {
    let other: RandomUuid;
    way = {
      before: () => void (other = new RandomUuid("workspace", {})),
      opts: {
        get dependsOn() {
          return other;
        },
      },
    };
    await world.session.preview();
    assert.equal(lookUps(), 0);
    await world.session.up();
    assert.equal(lookUps(), 1);
    assert.deepEqual(left(), { applications: 1, secrets: 1, trusts: 2, roles: 1 });
  });

  it("dependsOn a component that creates the workspace: refused in preview, and as the message says it works", async () => {
    let other: pulumi.ComponentResource;
    const before = () => {
      other = new pulumi.ComponentResource("test:index:MachineLearning", "ml");
      new RandomUuid("workspace", {}, { parent: other });
    };
    const opts = {
      get dependsOn() {
        return other;
      },
    };
    way = { before, opts, args: { workspaceName: "ws-made-here" } };
    await assert.rejects(
      world.session.preview(),
      /ws-made-here[^]*If this program creates it, set previewChecks to false\./,
    );
    way = { ...way, args: { ...way.args, previewChecks: false } };
    await world.session.preview();
    const { outputs } = await world.session.up();
    assert.equal(outputs["HIML_WORKSPACE_NAME"], "ws-made-here");
    assert.deepEqual(left(), { applications: 1, secrets: 1, trusts: 2, roles: 1 });
  });

  it("providers of another tenant: everything is there, and nothing in the default one; of two tenants: refused in preview", async function () {
    const engine = await requireEngine(this);
    const [own, foreign] = [world.azure, await startLocalAzure()];
    try {
      await withFolder(async (folder) => {
        const caFile = path.join(folder, "ca.pem");
        await writeFile(caFile, own.caPem + foreign.caPem);
        const entraOf: LocalAzure[] = [foreign];
        const open = ({ direct, tenantId }: LocalAzure) => ({
          tenantId,
          clientId: direct["ARM_CLIENT_ID"]!,
          clientSecret: direct["ARM_CLIENT_SECRET"]!,
          metadataHost: direct["ARM_METADATA_HOSTNAME"]!,
        });
        const session = await Session.open({
          engine,
          project: path.join(PROJECT, "Pulumi.yaml"),
          environment: { ...own.direct, SSL_CERT_FILE: caFile, NODE_EXTRA_CA_CERTS: caFile },
          program: () => {
            const azure = new AzureProvider("azure", {
              ...open(foreign),
              subscriptionId: foreign.subscriptionId,
            });
            const entra = new EntraProvider("entra", open(entraOf[0]!));
            const { resourceGroup: resourceGroupName, workspaceName } = foreign;
            const principal = new HimlServicePrincipal(
              "himl",
              { resourceGroupName, workspaceName },
              { providers: [azure, entra] },
            );
            return Promise.resolve({ ...principal.outputs });
          },
        });
        const made = ({ control }: LocalAzure) =>
          control.state().applications.filter(({ initial }) => !initial).length;
        try {
          entraOf[0] = own;
          await assert.rejects(
            session.preview(),
            /The tenants of the azuread and the azure-native provider must/,
          );
          entraOf[0] = foreign;
          await session.preview();
          const { outputs } = await session.up();
          assert.equal(outputs["HIML_TENANT_ID"], foreign.tenantId);
          assert.equal(outputs["HIML_SUBSCRIPTION_ID"], foreign.subscriptionId);
          assert.deepEqual([made(own), made(foreign)], [0, 1]);
          await session.destroy();
          assert.deepEqual([made(own), made(foreign)], [0, 0]);
        } finally {
          await session.close();
        }
      });
    } finally {
      await foreign.close();
    }
  });

  it("transforms reach every resource, as docs/resource-options.md warns: a secret is protected", async function () {
    const engine = await requireEngine(this);
    // In a process of its own: the SDK runs transforms outside of the context in which it keeps a program of this process.
    await withFolder(async (folder) => {
      const { resourceGroup, workspaceName } = world.azure;
      const args = {
        resourceGroupName: resourceGroup,
        workspaceName,
        authentication: "both",
        federatedCredentials: [{ issuer: ISSUER, subject: "repo:o@1/r@2:ref:refs/heads/main" }],
      };
      await symlink(path.join(PROJECT, "node_modules"), path.join(folder, "node_modules"), "junction");
      await writeFile(path.join(folder, "Pulumi.yaml"), "name: transforms\nruntime: nodejs\n");
      await writeFile(
        path.join(folder, "index.js"),
        `const { HimlServicePrincipal } = require(${JSON.stringify(path.join(PROJECT, "components/himl-service-principal"))});
         const transform = ({ type, props, opts }) =>
           ${String(REVOKED)}.test(type) ? { props, opts: { ...opts, ...${JSON.stringify(HARMFUL)} } } : undefined;
         new HimlServicePrincipal("himl", ${JSON.stringify(args)}, { transforms: [transform] });
        `,
      );
      process.env["PULUMI_NODEJS_TRANSPILE_ONLY"] = "true";
      const session = await Session.open({ engine, project: folder, environment: world.azure.direct });
      try {
        await session.up();
        assert.deepEqual(left(), { applications: 1, secrets: 1, trusts: 1, roles: 1 });
        await assert.rejects(session.destroy(), /protected/);
      } finally {
        delete process.env["PULUMI_NODEJS_TRANSPILE_ONLY"];
        await session.close();
      }
    });
  });
});
