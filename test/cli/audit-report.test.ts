import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createFinding, FINDINGS } from "../../cli/audit/findings";
import { formatFindings } from "../../cli/audit/report";
import { REPOSITORY } from "./command";

const GROUP = "/subscriptions/5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36/resourceGroups/rg-ml";
const COMMAND = `\`az role assignment delete --ids ${GROUP}/providers/Microsoft.Authorization/roleAssignments/x\``;
const TWO = [
  createFinding(
    "UNMANAGED_ROLE",
    `role Owner on ${GROUP}`,
    "A login may give itself every other role.",
    COMMAND,
  ),
  createFinding("DESTROY_UNFINISHED", "the stack", "The last run did not finish.", "`pulumi destroy` again"),
];

describe("audit: the report of what was found", () => {
  const format = (columns?: number, hasColor = false) =>
    formatFindings(TWO, { write: () => undefined, isTerminal: true, hasColor, columns });

  it("is a table in a file, and where a terminal is wide enough", () => {
    const table = [
      `DANGER  UNMANAGED_ROLE      role Owner on ${GROUP}`,
      "                            A login may give itself every other role.",
      `                            -> ${COMMAND}`,
      "notice  DESTROY_UNFINISHED  the stack",
      "                            The last run did not finish.",
      "                            -> `pulumi destroy` again",
      "",
    ].join("\n");
    assert.equal(format(), table);
    assert.equal(format(200), table);
  });

  it("has no line that a narrow terminal breaks, but the command, which is to be copied in one piece", () => {
    const lines = format(60).split("\n");
    assert.deepEqual(lines.slice(0, 2), ["DANGER  UNMANAGED_ROLE", "  role Owner on /subscriptions/"]);
    assert.deepEqual(
      lines.filter((line) => line.length > 60),
      [`  -> ${COMMAND}`],
    );
    assert.equal(lines.join("").replaceAll(/\s/g, "").length, format().replaceAll(/\s/g, "").length);
  });

  it("has the codes and levels that the page lists for programs", async () => {
    const page = await readFile(path.join(REPOSITORY, "docs", "after-a-broken-run.md"), "utf8");
    const rows = [...page.matchAll(/^\| `(danger|broken|leftover|notice)` +\| (.*) \|$/gm)];
    const listed = rows.flatMap(([, level, codes]) =>
      [...codes!.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => [code!, level!]),
    );
    const sorted = (list: string[][]) => list.map((pair) => pair.join(" ")).sort();
    assert.deepEqual(sorted(listed), sorted(Object.entries(FINDINGS)));
  });

  it("marks levels with colour only where it is wanted", () => {
    assert.ok(format(200, true).startsWith("\u001b[31mDANGER\u001b[39m  UNMANAGED_ROLE"));
    assert.ok(!format(200).includes("\u001b"));
  });
});
