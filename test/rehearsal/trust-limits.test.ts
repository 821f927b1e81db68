import assert from "node:assert/strict";
import { HimlServicePrincipal, type HimlServicePrincipalArgs } from "../../components/himl-service-principal";
import type { TrustArgs } from "../../components/plan/trusts";
import { openWorld, requireEngine, type SharedWorld } from "./support";

const ISSUER = "https://token.actions.githubusercontent.com";

const subjects = (from: number, count: number): TrustArgs[] =>
  Array.from({ length: count }, (_, i) => ({ issuer: ISSUER, subject: `repo:o@1/r@${from + i}:x` }));

describe("More trusts, old and new, than Entra holds at once, on the real engine", function () {
  this.timeout(120_000);
  let world: SharedWorld;
  let trusts: TrustArgs[] = [];

  before(async function () {
    this.timeout(900_000);
    world = await openWorld(await requireEngine(this), (azure) => {
      const login: Partial<HimlServicePrincipalArgs> =
        trusts.length === 0 ? {} : { authentication: "federated", federatedCredentials: trusts };
      const { resourceGroup: resourceGroupName, workspaceName } = azure;
      // Nothing is exported: the state alone tells the old ones.
      new HimlServicePrincipal("himl", { resourceGroupName, workspaceName, ...login });
      return Promise.resolve({});
    });
  });
  after(() => world?.close());
  afterEach(() => world.reset());

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

  for (const [what, next, between, remedy] of [
    ["none stays", subjects(100, 20), [], "set authentication to secret and leave out federatedCredentials"],
    [
      "some stay",
      [...subjects(0, 2), ...subjects(100, 15)],
      subjects(0, 2),
      "keep only those trusts in the list that exist already",
    ],
  ] as const)
    it(`${what}: refused in preview, and the two runs work`, async () => {
      await upWith(subjects(0, 6));
      await previewOf(subjects(0, 20));
      await assert.rejects(
        previewOf([...next]),
        new RegExp(
          `federatedCredentials must leave Entra room .*Two runs: ${remedy}, and run \`pulumi up\`; then set everything as it is now, and run it again\\.`,
          "s",
        ),
      );
      await upWith([...between]);
      await previewOf([...next]);
      await upWith([...next]);
      assert.equal(held(), next.length);
      assert.deepEqual(Object.keys((await upWith([...next])).counts), ["same"]);
    });
});
