import assert from "node:assert/strict";
import path from "node:path";
import full from "../../examples/full";
import minimal from "../../examples/minimal";
import recommended from "../../examples/recommended";
import { openWorld, PROJECT, requireEngine } from "./support";

/** What each example has to leave in Azure: secrets, trusts and roles. */
const EXAMPLES = [
  { name: "minimal", program: minimal, secrets: 1, trusts: 0, roles: 1, warnings: 0 },
  { name: "recommended", program: recommended, secrets: 0, trusts: 1, roles: 1, warnings: 0 },
  // The warning: a subject of GitHub that has names only.
  { name: "full", program: full, secrets: 1, trusts: 5, roles: 3, warnings: 1 },
];

describe("Each example, on the real engine", () => {
  for (const { name, program, ...expected } of EXAMPLES) {
    it(`${name}: up, up again without a change, destroy with nothing left`, async function () {
      const world = await openWorld(await requireEngine(this), () => Promise.resolve(program()), {
        project: path.join(PROJECT, "examples", name, "Pulumi.yaml"),
      });
      try {
        const { azure, session } = world;
        const planned = await session.preview();
        assert.equal(planned.warnings.length, expected.warnings, planned.warnings.join("\n"));
        const { secretOutputs } = await session.up();
        const created = azure.control.state().applications.filter(({ initial }) => !initial);
        assert.equal(created.length, 1);
        assert.equal(created[0]!.passwords.length, expected.secrets);
        assert.equal(created[0]!.federatedCredentials.length, expected.trusts);
        const roles = azure.control.state().roleAssignments.filter(({ initial }) => !initial);
        assert.equal(roles.length, expected.roles);
        assert.deepEqual(secretOutputs, expected.secrets > 0 ? ["HIML_SERVICE_PRINCIPAL_PASSWORD"] : []);

        assert.deepEqual(Object.keys((await session.up()).counts), ["same"]);
        await session.destroy();
        const { applications, servicePrincipals, roleAssignments } = azure.control.state();
        const left = [...applications, ...servicePrincipals, ...roleAssignments].filter(
          ({ initial }) => !initial,
        );
        assert.deepEqual(left, []);
      } finally {
        await world.close();
      }
    });
  }
});
