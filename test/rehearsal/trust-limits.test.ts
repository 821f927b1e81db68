import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { HimlServicePrincipal, type HimlServicePrincipalArgs } from "../../components/himl-service-principal";
import type { TrustArgs } from "../../components/plan/trusts";
import { createStackOutputs } from "../../stack/outputs";
import { openWorld, requireEngine, type SharedWorld } from "./support";

const ISSUER = "https://token.actions.githubusercontent.com";

const subjects = (from: number, count: number): TrustArgs[] =>
  Array.from({ length: count }, (_, i) => ({ issuer: ISSUER, subject: `repo:o@1/r@${from + i}:x` }));
const patterns = (count: number): TrustArgs[] =>
  Array.from({ length: count }, (_, i) => ({
    issuer: ISSUER,
    claimsMatchingExpression: `claims['sub'] matches 'repo:o@1/r@${i}:*'`,
  }));

describe("More trusts, old and new, than Entra holds at once, on the real engine", function () {
  this.timeout(120_000);
  let world: SharedWorld;
  let trusts: TrustArgs[] = [];
  let exported: (principal: HimlServicePrincipal) => Record<string, unknown> = createStackOutputs;
  let isUnreadable = false;

  before(async function () {
    this.timeout(900_000);
    world = await openWorld(await requireEngine(this), (azure) => {
      if (isUnreadable) {
        pulumi.runtime.registerInvokeTransform(({ token }) => {
          if (token.startsWith("pulumi:pulumi:readStack")) throw new Error("no access");
          return undefined;
        });
      }
      const login: Partial<HimlServicePrincipalArgs> =
        trusts.length === 0 ? {} : { authentication: "federated", federatedCredentials: trusts };
      const principal = new HimlServicePrincipal("himl", {
        resourceGroupName: azure.resourceGroup,
        workspaceName: azure.workspaceName,
        now: azure.control.now(),
        ...login,
      });
      return Promise.resolve(exported(principal));
    });
  });
  after(() => world?.close());
  afterEach(() => {
    isUnreadable = false;
    exported = createStackOutputs;
    return world.reset();
  });

  const upWith = (list: TrustArgs[]) => {
    trusts = list;
    return world.session.up();
  };
  const previewOf = (list: TrustArgs[]) => {
    trusts = list;
    return world.session.preview();
  };
  const held = () =>
    world.azure.control
      .state()
      .applications.filter(({ initial }) => !initial)
      .flatMap(({ federatedCredentials }) => federatedCredentials).length;

  it("are exchanged one after the other where the program exports no details: the state tells the old ones", async () => {
    exported = ({ clientId }) => ({ clientId });
    await upWith(subjects(0, 6));
    const { warnings } = await previewOf(subjects(100, 20));
    assert.match(warnings.join("\n"), /Entra has no room for old and new trusts side by side/);
    await upWith(subjects(100, 20));
    assert.equal(held(), 20);
    assert.deepEqual(Object.keys((await upWith(subjects(100, 20))).counts), ["same"]);
  });

  it("are refused in preview where the program has no outputs; the two steps work", async () => {
    exported = () => ({});
    await upWith(subjects(0, 6));
    await previewOf(subjects(0, 8));
    await assert.rejects(
      previewOf(subjects(100, 20)),
      /federatedCredentials must leave Entra room .*Two steps: set authentication to secret and leave out federatedCredentials, and run `pulumi up`; then set everything as it is now, and run it again\./s,
    );
    await upWith([]);
    await previewOf(subjects(100, 20));
    await upWith(subjects(100, 20));
    assert.equal(held(), 20);
  });

  it("are refused in preview where outputs and state cannot be read; the two steps work", async () => {
    isUnreadable = true;
    await previewOf(subjects(0, 12));
    await upWith(subjects(0, 12));
    await previewOf(subjects(0, 13));
    await assert.rejects(
      previewOf([...subjects(0, 2), ...subjects(100, 14)]),
      /it is not known how many old ones there are.*Two steps: keep only those trusts in the list that exist already and stay, and run `pulumi up`; then set everything as it is now, and run `pulumi up --skip-preview`\./s,
    );
    await upWith(subjects(0, 2));
    await upWith([...subjects(0, 2), ...subjects(100, 14)]);
    assert.equal(held(), 16);
  });

  it("of another kind take no old one's place, and are refused in preview; the two steps work", async () => {
    await upWith(subjects(0, 15));
    await assert.rejects(
      previewOf(patterns(8)),
      /Two steps: keep only one of the existing trusts in the list, and run `pulumi up`; then set everything as it is now, and run it again\./,
    );
    await upWith(subjects(0, 1));
    await previewOf(patterns(8));
    await upWith(patterns(8));
    assert.equal(held(), 8);
  });

  it("converge after an exchange that failed half-way, whatever is wanted next", async () => {
    const { control } = world.azure;
    await upWith(subjects(0, 20));
    control.addFault({
      match: { method: "POST", path: "/federatedIdentityCredentials$", count: 6 },
      times: 100,
      answer: "lag",
    });
    await assert.rejects(upWith(subjects(100, 20)));
    control.clearFaults();
    await world.session.save("half-way");
    const halfWay = control.snapshot();
    for (const next of [subjects(200, 20), subjects(0, 20), subjects(300, 2)]) {
      control.restore(halfWay);
      await world.session.restore("half-way");
      await previewOf(next);
      await upWith(next);
      assert.equal(held(), next.length);
      assert.deepEqual(Object.keys((await upWith(next)).counts), ["same"]);
    }
  });
});
