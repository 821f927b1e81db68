import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Provider as AzureProvider } from "@pulumi/azure-native/provider";
import { Provider as EntraProvider } from "@pulumi/azuread/provider";
import { HimlServicePrincipal, type HimlServicePrincipalArgs } from "../../components/himl-service-principal";
import { allOf, record, settled, SUBSCRIPTION } from "./recorder";

const PAGE = readFileSync(path.join(__dirname, "../../docs/resource-options.md"), "utf8");
const TRUSTS: HimlServicePrincipalArgs["federatedCredentials"] = [
  { issuer: "https://gitlab.com", subject: "job" },
  { issuer: "https://gitlab.com", claimsMatchingExpression: "claims['sub'] matches 'project_path:g/p:*'" },
];

function declare(opts?: pulumi.ComponentResourceOptions, args: Partial<HimlServicePrincipalArgs> = {}) {
  const principal = new HimlServicePrincipal(
    "himl",
    {
      workspaceName: "ws-ml",
      resourceGroupName: "rg-ml",
      authentication: "both",
      federatedCredentials: TRUSTS,
      ...args,
    },
    opts,
  );
  return { result: principal, urns: [allOf(principal)] };
}

type Options = pulumi.CustomResourceOptions;

/**
 * The options with which Pulumi's SDK registers each resource: those after all transformations. The component lies in
 * another one, whose transformations reach it as those of a whole stack do.
 */
async function optionsOf(
  opts: pulumi.ComponentResourceOptions = {},
  args: Partial<HimlServicePrincipalArgs> = {},
) {
  const options = new Map<string, Options>();
  const seen = new Set<unknown>();
  const watch: pulumi.ResourceTransformation = ({ resource, name, opts: now }) => {
    options.set(name, now);
    const { __transformations: all } = resource as unknown as { __transformations: unknown[] };
    // Once more at the end, behind all that went there.
    if (!seen.has(resource)) all.push(watch);
    seen.add(resource);
    return undefined;
  };
  const recording = await record(() => {
    const parent = new pulumi.ComponentResource(
      "test:index:Other",
      "outer",
      {},
      { transformations: [watch] },
    );
    return declare({ parent, ...opts }, args);
  });
  options.delete("outer");
  return { ...recording, options };
}

const isRevoked = (name: string) => /^himl-(secret|trust|role)-/.test(name);

describe("docs/resource-options.md", () => {
  const rows = [...PAGE.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(\w+)`/g)].map(([, option]) => option!),
  );

  it("has a row for every resource option of Pulumi's SDK", () => {
    const types = readFileSync(require.resolve("@pulumi/pulumi/resource.d.ts"), "utf8");
    const options = ["ResourceOptions", "CustomResourceOptions", "ComponentResourceOptions"].flatMap(
      (name) => {
        const body = new RegExp(`export interface ${name}\\b[^]*?\\n}`).exec(types)![0];
        return [...body.matchAll(/^ {4}(\w+)\?:/gm)].map(([, option]) => option!);
      },
    );
    assert.deepEqual([...new Set(rows)].sort(), [...new Set(options)].sort());
  });

  it("names for each row the tests that prove it", () => {
    const proofs = [...PAGE.matchAll(/^\| (`.*) \| ([^|]*) \|$/gm)];
    assert.ok(proofs.length > 10);
    for (const [, row, proof] of proofs) {
      const options = /^(?:`\w+`(?:, )?)+/.exec(row!)![0].match(/\w+/g)!;
      const files = [...proof!.matchAll(/\]\((\S+)\)/g)].map(([, link]) =>
        readFileSync(path.join(__dirname, "../../docs", link!), "utf8"),
      );
      assert.ok(files.length > 0, row);
      for (const option of options)
        assert.ok(
          files.some((text) => new RegExp(`\\b${option}s?\\b.*(?:: \\{|", async)`).test(text)),
          `${option}: no test is named after it`,
        );
    }
  });

  const inherited: Record<string, pulumi.ComponentResourceOptions> = {
    ignoreChanges: { ignoreChanges: ["*", "rotateWhenChanged"] },
    replaceOnChanges: { replaceOnChanges: ["*"] },
    customTimeouts: { customTimeouts: { delete: "1s" } },
    version: { version: "1.2.3" },
    pluginDownloadURL: { pluginDownloadURL: "https://example.com" },
    replacementTrigger: { replacementTrigger: "x" },
    hideDiffs: { hideDiffs: ["endDate"] },
    envVarMappings: { envVarMappings: { A: "B" } },
    additionalSecretOutputs: { additionalSecretOutputs: ["clientId"] } as object,
    deleteBeforeReplace: { deleteBeforeReplace: true } as object,
    import: { import: "/subscriptions/x" } as object,
  };
  for (const [option, opts] of Object.entries(inherited)) {
    it(`${option} reaches no child`, async () => {
      const without = await optionsOf();
      const { options, errors } = await optionsOf(opts);
      assert.deepEqual(errors, []);
      assert.deepEqual([...options.keys()].sort(), [...without.options.keys()].sort());
      for (const [name, { [option as keyof Options]: value }] of options)
        if (name !== "himl")
          assert.deepEqual(value, without.options.get(name)![option as keyof Options], name);
    });
  }

  it("hooks and replaceWith reach no child", async () => {
    const { options } = await optionsOf({ replaceWith: [], hooks: { afterCreate: [] } });
    for (const [name, { hooks, replaceWith }] of options)
      if (name !== "himl") assert.deepEqual([hooks, replaceWith], [undefined, undefined], name);
  });

  it("id and urn are refused", async () => {
    for (const opts of [{ id: "x" } as object, { urn: "urn:pulumi:dev::p::t::n" }]) {
      const { errors, registrations } = await record(() => declare(opts));
      assert.notEqual(errors.length, 0);
      assert.ok(!registrations.some(({ name }) => name === "himl-secret-a"));
    }
  });

  it("parent: every resource lies below it", async () => {
    const { result, options, errors } = await optionsOf();
    assert.deepEqual(errors, []);
    assert.match(await settled(result!.urn), /::test:index:Other\$himl-service-principal:/);
    for (const [name, { parent }] of options) if (name !== "himl") assert.equal(parent, result, name);
  });

  const HARMFUL = { protect: true, retainOnDelete: true, ignoreChanges: ["endDate", "*"], id: "x" };
  const revocable = {
    protect: false,
    retainOnDelete: false,
    ignoreChanges: undefined,
    id: undefined,
  };
  const assertRevocable = (options: ReadonlyMap<string, Options>) => {
    const revoked = [...options].filter(([name]) => isRevoked(name));
    assert.equal(revoked.length, 4);
    for (const [name, { protect, retainOnDelete, ignoreChanges, id, deletedWith }] of revoked) {
      assert.deepEqual({ protect, retainOnDelete, ignoreChanges, id }, revocable, name);
      const isTrust = name.startsWith("himl-trust-");
      const gone = (deletedWith as unknown as { __name: string } | undefined)?.__name;
      assert.equal(gone, isTrust ? "himl-application" : undefined, name);
    }
  };

  it("transformations of the component, and transform: the component ignores what would keep secrets, trusts and roles", async () => {
    const harm: pulumi.ResourceTransformation = ({ name, props, opts }) =>
      isRevoked(name) ? { props, opts: { ...opts, ...HARMFUL } } : undefined;
    const component = await optionsOf({ transformations: [harm] });
    assertRevocable(component.options);
    const transform = <Args>(args: Args, opts: Options) => ({
      args,
      opts: { ...opts, ...HARMFUL, parent: undefined } as object,
    });
    const own = await optionsOf(
      {},
      { transform: { secret: transform, trust: transform, roleAssignment: transform } },
    );
    assertRevocable(own.options);
    for (const { errors } of [component, own]) assert.deepEqual(errors, []);
  });

  it("transformations: the component ignores deletedWith, on secrets and on itself", async () => {
    for (const isMeant of [isRevoked, (name: string) => name === "himl"]) {
      const letGo: pulumi.ResourceTransformation = ({ name, props, opts }) =>
        isMeant(name) ? { props, opts: { ...opts, deletedWith: opts.parent! } } : undefined;
      const { options, errors } = await optionsOf({ transformations: [letGo] });
      assert.deepEqual(errors, []);
      assert.equal(options.get("himl")!.deletedWith, undefined);
      assert.equal(options.get("himl-secret-a")!.deletedWith, undefined);
    }
  });

  it("transformations: ignoreChanges of what the component does not set is left alone", async () => {
    const { options } = await optionsOf({
      transformations: [
        ({ props, opts }) => ({ props, opts: { ...opts, ignoreChanges: ["tags", "notes[0]"] } }),
      ],
    });
    assert.deepEqual(options.get("himl-secret-a")!.ignoreChanges, ["tags", "notes[0]"]);
  });

  it("an application that is protected or retained, in whatever way: no trust goes with it", async () => {
    const retain: pulumi.ResourceTransformation = ({ name, props, opts }) =>
      name === "himl" ? { props, opts: { ...opts, retainOnDelete: true } } : undefined;
    const keeps: Parameters<typeof optionsOf>[] = [
      [{ protect: true }],
      [{ retainOnDelete: true }],
      [{ transformations: [retain] }],
      [{}, { transform: { application: (args, opts) => ({ args, opts: { ...opts, protect: true } }) } }],
    ];
    for (const keep of keeps) {
      const { options } = await optionsOf(...keep);
      const trusts = [...options].filter(([name]) => name.startsWith("himl-trust-"));
      assert.deepEqual(
        trusts.map(([, { deletedWith }]) => deletedWith),
        [undefined, undefined],
      );
    }
  });

  it("a transform is some arguments, or a function that changes them in place or returns what is different", async () => {
    const notes = "Asked for by team X";
    for (const application of [
      { notes },
      (args: { notes?: unknown }) => void (args.notes = notes),
      () => ({ args: { notes } }),
      (args: object, opts: Options) => ({ args: { ...args, notes }, opts }),
    ]) {
      const { registrations } = await record(() => declare({}, { transform: { application } }));
      const { inputs } = registrations.find(({ name }) => name === "himl-application")!;
      assert.equal(inputs["notes"], notes);
      assert.equal(inputs["displayName"], "himl-ws-ml-dev");
    }
    const { errors } = await record(() => declare({}, { transform: { secret: () => undefined } }));
    assert.deepEqual(errors, []);
  });

  it("transform.trust changes trusts of both kinds", async () => {
    const { registrations, errors } = await record(() =>
      declare(
        {},
        { transform: { trust: (args, opts) => ({ args: { ...args, description: "mine" }, opts }) } },
      ),
    );
    assert.deepEqual(errors, []);
    const trusts = registrations.filter(({ name }) => name.startsWith("himl-trust-"));
    assert.deepEqual(
      trusts.map(({ inputs }) => inputs["description"]),
      ["mine", "mine"],
    );
  });

  it("providers: resources, look-ups and the output tenantId are those of their tenant", async () => {
    const tenantId = "77777777-7777-4777-8777-777777777777";
    const ask = () => ({ tenantId, subscriptionId: SUBSCRIPTION, objectId: "me" });
    const { result, errors, providers } = await record(
      () => {
        const azure = new AzureProvider("azure", { tenantId, subscriptionId: SUBSCRIPTION });
        const entra = new EntraProvider("entra", { tenantId });
        return declare({ providers: [azure, entra] });
      },
      {
        calls: {
          "azuread:index/getClientConfig:getClientConfig": ask,
          "azure-native:authorization:getClientConfig": ask,
        },
      },
    );
    assert.deepEqual(errors, []);
    assert.equal(await settled(result!.tenantId), tenantId);
    for (const [name, provider] of providers)
      if (name !== "himl-instance") assert.match(provider, /::(azure|entra)::/, name);
  });

  it("dependsOn a component that creates the workspace: the refusal names previewChecks", async () => {
    for (const code of ["ResourceNotFound", "ResourceGroupNotFound", "AuthorizationFailed"]) {
      const { errors } = await record(
        () => declare({ dependsOn: new pulumi.ComponentResource("test:index:Other", "other") }),
        {
          preview: true,
          calls: {
            "azure-native:machinelearningservices:getWorkspace": () => {
              throw new Error(`Status=404 Code="${code}" Message="…"`);
            },
          },
        },
      );
      assert.match(errors[0]!.message, /If this program creates it, set previewChecks to false\./, code);
    }
  });
});
