import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { NAMES_IN_AZURE } from "../../components/look-ups/target";
import { HimlServicePrincipal, type HimlServicePrincipalArgs } from "../../components/himl-service-principal";
import { DEFERRABLE, RULES, type CheckedArgument } from "../../components/plan/rules";
import { findSteering, hostileText } from "../support/hostile-text";
import { commandsIn, readWords, SHELLS } from "../support/shells";
import { allOf, type Call, record, TENANT } from "./recorder";

const WORKSPACE = { workspaceName: "ws-ml", resourceGroupName: "rg-ml" };
const GET_WORKSPACE = "azure-native:machinelearningservices:getWorkspace";
/** What somebody keeps secret, and no message may tell. */
const MARKER = "swordfish-77";

/** All that somebody reads of a run: its errors and warnings. */
async function messagesOf(args: object, calls: Record<string, Call> = {}): Promise<string> {
  const warnings: string[] = [];
  const log = pulumi.log as { warn: typeof pulumi.log.warn };
  const before = log.warn;
  log.warn = (text) => Promise.resolve(void warnings.push(text));
  try {
    const given = { ...WORKSPACE, ...args } as HimlServicePrincipalArgs;
    const { errors } = await record(
      () => {
        const principal = new HimlServicePrincipal("himl", given);
        return { result: principal, urns: [allOf(principal)] };
      },
      { calls },
    );
    return [...errors.map(({ message }) => message), ...warnings].join("\n");
  } finally {
    log.warn = before;
  }
}

/** Azure repeats the names that it was asked for, in a spelling of its own. */
const refuse =
  (code: string): Call =>
  (inputs) => {
    const said = JSON.stringify(inputs).toUpperCase();
    throw new Error(`Status=404 Code="${code}" Message="${said} was not found"`);
  };
const CODES = [
  "ResourceNotFound",
  "ResourceGroupNotFound",
  "SubscriptionNotFound",
  "AuthorizationFailed",
  "Odd",
];

describe("Arguments of a component that somebody else wrote", function () {
  this.timeout(120_000);
  const argument = fc.constantFrom(...(Object.keys(RULES) as CheckedArgument[]));
  const shape = fc.constantFrom<(text: string) => unknown>(
    (text) => text,
    (text) => [text],
    (text) => [{ role: text, scope: text }],
    (text) => [{ github: { repository: text, branch: text, ownerId: text } }],
    (text) => [{ github: { repository: "o/r", environment: text, subjectPrefix: text } }],
    (text) => [{ azureDevOps: { issuer: text, subject: text } }],
    (text) => [{ name: text, issuer: `https://${text}`, subject: text, audience: text }],
    (text) => ({ [text]: text }),
  );

  it("are taken or refused, and the refusal steers nothing, plain or as an output", async () => {
    await fc.assert(
      fc.asyncProperty(argument, shape, hostileText, fc.boolean(), async (name, make, text, isLater) => {
        const value = make(text);
        const message = await messagesOf({
          authentication: "both",
          [name]: isLater ? pulumi.output(value) : value,
        });
        assert.equal(findSteering(message), undefined);
      }),
      { numRuns: 60 },
    );
  });

  it("make no command of a message into another one", async () => {
    const name = fc
      .string({ unit: fc.constantFrom(..."aZ0_-.()äß"), minLength: 1, maxLength: 12 })
      .filter((text) => !text.endsWith("."));
    await fc.assert(
      fc.asyncProperty(
        name,
        hostileText,
        fc.constantFrom(...CODES),
        async (resourceGroupName, tenantId, code) => {
          const messages = [
            await messagesOf({ resourceGroupName }, { [GET_WORKSPACE]: refuse(code) }),
            await messagesOf(
              {},
              { "azuread:index/getClientConfig:getClientConfig": () => ({ tenantId: `x${tenantId}` }) },
            ),
            await messagesOf(
              {},
              {
                "azure-native:authorization:getClientConfig": () => ({
                  tenantId: TENANT,
                  subscriptionId: `x${tenantId}`,
                }),
              },
            ),
          ];
          for (const line of messages.flatMap((message) =>
            message
              .split(/\n {4}/)
              .slice(1)
              .flatMap(commandsIn),
          )) {
            const [sh, ...others] = SHELLS.map((shell) => readWords(shell, line));
            for (const words of others) assert.deepEqual(words, sh);
            const given = sh!.indexOf("--resource-group") + 1;
            if (given > 0) assert.ok([resourceGroupName, "RESOURCE_GROUP"].includes(sh![given]!), line);
          }
        },
      ),
      { numRuns: 8 },
    );
  });

  describe("and that are secret are never shown", () => {
    for (const name of DEFERRABLE.filter((one) => !NAMES_IN_AZURE.includes(one as never))) {
      it(`${name}, refused`, async () => {
        const wrong = name === "owners" ? [`${MARKER}\n`] : `${MARKER}\n`;
        for (const value of [wrong, { [MARKER]: MARKER }, [MARKER]]) {
          const message = await messagesOf({ [name]: pulumi.secret(value) });
          assert.match(message, new RegExp(`${name} must .* Received "\\[secret\\]"\\.`));
          assert.ok(!message.includes(MARKER), message);
        }
      });
    }

    it("a secret among owners that are plain", async () => {
      const message = await messagesOf({ owners: [TENANT, pulumi.secret(MARKER)] });
      assert.match(message, /owners must be a list .* Received "\[secret\]"\./);
    });

    for (const name of NAMES_IN_AZURE)
      it(`${name}: no secret, since it is shown`, async () => {
        const message = await messagesOf({ [name]: pulumi.secret(MARKER) });
        assert.match(message, new RegExp(`${name} must not be a secret: .*pulumi\\.unsecret`, "s"));
        assert.ok(!message.includes(MARKER), message);
      });

    it("what must be plain says no more than that", async () => {
      for (const name of ["roles", "federatedCredentials", "existingClientId", "authentication"] as const) {
        const message = await messagesOf({ [name]: pulumi.secret([MARKER]) });
        assert.match(message, new RegExp(`${name} must be a plain value, not an output\\.\\n`));
        assert.ok(!message.includes(MARKER), message);
      }
    });
  });
});
