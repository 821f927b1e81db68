import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { type SettingName, SETTINGS } from "../../stack/settings";
import { findSteering, hostileText } from "../support/hostile-text";
import { refusalOf as refusal } from "../support/settings";

const NAMES = Object.keys(SETTINGS) as SettingName[];
const WORKSPACE = { resourceGroupName: "rg-ml", workspaceName: "ws-ml" };
/** What somebody keeps secret, and no message may tell. */
const MARKER = "swordfish~77";

describe("Settings that somebody else wrote", function () {
  this.timeout(60_000);
  let folder: string;
  before(() => (folder = mkdtempSync(path.join(tmpdir(), "himl-hostile-"))));
  after(() => rmSync(folder, { recursive: true }));

  const refusalOf = (values: Record<string, string>, secretNames: readonly string[] = []) =>
    refusal(values, { secretNames: new Set(secretNames), projectFolder: folder });

  /** A text as it is, and in each field of the lists. */
  const shapes: ((text: string) => string)[] = [
    (text) => text,
    (text) => JSON.stringify(text),
    (text) => JSON.stringify([text]),
    (text) => JSON.stringify([{ role: text, scope: text }]),
    (text) => JSON.stringify([{ role: "Reader", scope: `/subscriptions/${text}` }]),
    (text) => JSON.stringify([{ github: { repository: text, branch: text } }]),
    (text) =>
      JSON.stringify([
        { github: { repository: "o/r", environment: text, ownerId: text, repositoryId: text } },
      ]),
    (text) => JSON.stringify([{ azureDevOps: { issuer: text, subject: text } }]),
    (text) => JSON.stringify([{ name: text, issuer: `https://${text}`, subject: text, audience: text }]),
    (text) => JSON.stringify([{ issuer: "https://gitlab.com", claimsMatchingExpression: text }]),
    (text) => JSON.stringify({ [text]: text }),
    (text) => JSON.stringify([{ [text]: [text] }]),
    (text) => "[".repeat(20_000) + text,
    (text) => text.repeat(20_000),
  ];
  const setting = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...shapes));

  it("are taken or refused, whatever they are; and the refusal is short and steers nothing", () => {
    fc.assert(
      fc.property(setting, hostileText, ([name, shape], text) => {
        const message = refusalOf({ ...WORKSPACE, authentication: "both", [name]: shape(text) });
        assert.equal(findSteering(message), undefined);
        assert.ok(message.length < 20_000, `${message.length} characters`);
      }),
      { numRuns: 300 },
    );
  });

  it("names of settings too", () => {
    fc.assert(
      fc.property(hostileText, (name) => {
        assert.equal(findSteering(refusalOf({ ...WORKSPACE, [name]: "x" })), undefined);
      }),
    );
  });

  it("are never shown where they are secret, not even a part of a list", () => {
    fc.assert(
      fc.property(setting, hostileText, ([name, shape], text) => {
        if (shape("").length > 1_000) return;
        const values: Record<string, string> = {
          ...WORKSPACE,
          authentication: "both",
          [name]: shape(`${text}${MARKER}`),
        };
        assert.ok(!refusalOf(values, NAMES).includes(MARKER), `${name}: ${values[name]}`);
      }),
      { numRuns: 300 },
    );
  });

  describe("config.json", () => {
    const file = fc.oneof(
      hostileText.map((text) =>
        JSON.stringify({ subscription_id: text, resource_group: text, workspace_name: text }),
      ),
      hostileText.map((text) => JSON.stringify({ Scope: `/subscriptions/${text}/resourceGroups/${text}` })),
      hostileText.map((text) => `{"subscription_id": ${text}`),
      hostileText,
      fc.constant("[".repeat(200_000)),
      fc.constant(JSON.stringify({ workspace_name: "x".repeat(6_000_000) })),
      fc.constant(JSON.stringify({ workspace_name: "x".repeat(90_000), resource_group: "y" })),
    );

    it("whatever is in it: taken or refused, shortly, and without steering anything", () => {
      fc.assert(
        fc.property(fc.oneof(file, fc.uint8Array({ maxLength: 64 })), (content) => {
          writeFileSync(path.join(folder, "config.json"), content);
          const message = refusalOf({ workspaceConfig: "config.json" });
          assert.equal(findSteering(message), undefined);
          assert.ok(message.length < 20_000, `${message.length} characters`);
        }),
        { numRuns: 100 },
      );
    });
  });
});
