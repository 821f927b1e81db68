import assert from "node:assert/strict";
import fc from "fast-check";
import { formatFindings } from "../../cli/audit/report";
import { formatSteps } from "../../cli/init/next-steps";
import type { Answers } from "../../cli/init/project/answers";
import { findSteering, hostileText } from "../support/hostile-text";
import { commandsIn, readWords, SHELLS } from "../support/shells";
import { applicationFacts, compare, createComparison, IDS, principalFacts, SOON } from "./audit-fixture";
import { rememberingIo } from "./remembering-io";

/** What a person made in Azure, of every kind, with one text wherever Azure lets somebody choose a name or an ID. */
function createFacts(text: string) {
  const credential = { keyId: text, displayName: text, starts: SOON, ends: SOON };
  const thing = { id: text, displayName: text };
  return createComparison({
    instance: {
      application: applicationFacts({
        clientId: text,
        displayName: text,
        secrets: [credential],
        certificates: [credential],
      }),
      principal: principalFacts({
        objectId: text,
        isEnabled: false,
        secrets: [credential],
        certificates: [credential],
      }),
      trusts: [{ id: text, name: text, issuer: text, matches: text, audiences: [text], description: null }],
      applicationOwners: [{ ...thing, type: text }],
      principalOwners: [{ ...thing, type: "user" }],
      memberships: [
        { ...thing, type: "group", isDirect: true },
        { ...thing, type: "directoryRole", isDirect: false },
      ],
      appRoles: [{ id: text, resourceName: text, permission: text }],
      delegations: [{ id: text, scope: text, isForAll: true }],
    },
    answers: {
      roles: [
        { id: `/${text}`, name: text, scope: `/${text}`, principalId: text, roleId: text, roleName: text },
      ],
      taggedApplications: [
        applicationFacts({
          objectId: `o${text}`,
          clientId: text,
          displayName: text,
          tags: ["himl-service-principal"],
        }),
      ],
    },
  });
}

/** The command's words, the same in every shell. */
function wordsOf(line: string): string[] {
  const [sh, ...others] = SHELLS.map((shell) => readWords(shell, line.replace(/ > \.env$/, "")));
  for (const words of others) assert.deepEqual(words, sh);
  return sh!;
}

describe("Names and IDs that somebody else chose", () => {
  it("audit: its commands run nothing else, and its report steers nothing", () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(hostileText, (text) => {
        const findings = compare(createFacts(`x${text}`));
        for (const { code, remedy } of findings) {
          kinds.add(code);
          for (const line of commandsIn(remedy).filter((one) => one.startsWith("az "))) {
            const at = wordsOf(line).findIndex((word) => /^--(id|group|ids|url|key-id)$/.test(word)) + 1;
            const word = wordsOf(line)[at]!;
            const isPlaceholder = /^[A-Z_]+$|[/][A-Z_]+([/]|$)/.test(word);
            const isOwn = [IDS.client, IDS.principal].some((id) => word.includes(id));
            assert.ok(at > 0 && (word.includes(`x${text}`) || isPlaceholder || isOwn), line);
          }
        }
        const report = formatFindings(findings, rememberingIo().stdout);
        assert.equal(findSteering(report), undefined);
      }),
      { numRuns: 200 },
    );
    const byHand = "ROLE SECRET CERTIFICATE TRUST OWNER GROUP DELEGATION DIRECTORY_ROLE API_PERMISSION";
    for (const kind of byHand.split(" "))
      assert.ok(kinds.has(`UNMANAGED_${kind}`), `no finding UNMANAGED_${kind}`);
  });

  it("init: what is left to run is one command a line, each name one word of it", () => {
    fc.assert(
      fc.property(hostileText, hostileText, hostileText, (stack, one, other) => {
        const places: Answers["place"][] = [
          { name: "github", host: other, repository: `o/${one}`, environment: other },
          { name: "azure-devops", organization: `https://dev.azure.com/${one}`, project: other },
          { name: "other" },
        ];
        for (const place of places) {
          const answers: Answers = {
            ...{ folder: "/x", language: "yaml", stack, place, usesPassword: true, assignsRole: true },
            existing: { kind: "none", name: "himl-service-principal" },
            workspace: { name: one, resourceGroup: other, subscriptionId: one },
            ownPackage: { spec: one },
          };
          const lines = formatSteps(answers, { url: one, canEncrypt: true }).trimEnd().split("\n");
          const commands = lines.filter((line) => !line.startsWith("#"));
          for (const line of commands) wordsOf(line);
          const words = wordsOf(commands.find((line) => / (push|env) /.test(line))!);
          assert.ok([stack, "STACK"].includes(words[words.indexOf("--stack") + 1]!));
          const project = words.indexOf("--project") + 1;
          if (project > 0) assert.ok([other, "PROJECT"].includes(words[project]!));
        }
      }),
      { numRuns: 200 },
    );
  });
});
