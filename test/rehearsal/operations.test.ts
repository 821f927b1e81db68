import assert from "node:assert/strict";
import type { LocalAzure } from "../../local-azure/local-azure";
import { openOwnWorld, type SharedWorld } from "./support";

/** `npm test` runs each pair of operation and flag once; with `EVERY_OPERATION=true` on each of the stacks. */
const EVERY = process.env["EVERY_OPERATION"] === "true";

const STACKS = ["whole", "half-destroyed", "new"] as const;
const OPERATIONS = ["preview", "up", "refresh", "destroy"] as const;
const FLAGS = ["none", "run-program", "target", "target-dependents", "exclude", "refresh"] as const;
const CASES = OPERATIONS.flatMap((operation) =>
  FLAGS.filter((flag) => isKnown(operation, flag)).flatMap((flag) =>
    STACKS.map((stack) => ({ operation, flag, stack })),
  ),
).filter((_, index) => EVERY || index % STACKS.length === Math.floor(index / STACKS.length) % STACKS.length);

/** Only these two have `--run-program`; a refresh has no `--refresh`. */
function isKnown(operation: (typeof OPERATIONS)[number], flag: (typeof FLAGS)[number]) {
  if (flag === "run-program") return operation === "destroy" || operation === "refresh";
  return !(operation === "refresh" && flag === "refresh");
}

describe("Each operation with each flag, on a new, a whole and a half-destroyed stack", () => {
  let world: SharedWorld;
  let application = "";
  const azures = new Map<string, ReturnType<LocalAzure["control"]["snapshot"]>>();

  before(async function () {
    world = await openOwnWorld(this);
    const { azure, session } = world;
    const keep = async (name: string) => {
      await session.save(name);
      azures.set(name, azure.control.snapshot());
    };
    await keep("new");
    await session.up();
    await keep("whole");
    const { resources } = (await session.exportState()) as { resources: { urn: string }[] };
    const urnOf = (name: string) =>
      resources.find(({ urn }) => urn.endsWith(`::${name}`))?.urn ?? assert.fail(`${name} is not there`);
    application = urnOf("himl-application");
    const principal = urnOf("himl-service-principal");
    await session.expectPulumi("destroy", "--yes", "--target", principal, "--target-dependents");
    await keep("half-destroyed");
  });

  after(() => world?.close());

  for (const { operation, flag, stack } of CASES)
    it(`${operation}${flag === "none" ? "" : ` --${flag}`} on a ${stack} stack`, async () => {
      const { azure, session } = world;
      azure.control.restore(azures.get(stack)!);
      await session.restore(stack);
      const flags = {
        none: [],
        "run-program": ["--run-program"],
        target: ["--target", application],
        "target-dependents": ["--target", application, "--target-dependents"],
        exclude: ["--exclude", application],
        refresh: ["--refresh"],
      }[flag];
      const consent = operation === "preview" ? [] : ["--yes", "--skip-preview"];
      const { exitCode, stdout, stderr } = await session.pulumi([operation, ...consent, ...flags]);
      const said = `${stdout}${stderr}`;
      assert.doesNotMatch(said, /TypeError|ReferenceError|unhandled|panic|^\s+at .*:\d+:\d+\)?$/im);
      if (exitCode !== 0) assert.match(said, /error: /);
      // Whatever it left behind, the next runs end well.
      if (operation !== "preview") await session.destroy();
      const { applications } = azure.control.state();
      if (operation !== "preview") assert.ok(applications.every(({ initial }) => initial));
    });
});
