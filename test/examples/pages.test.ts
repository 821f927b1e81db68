import assert from "node:assert/strict";
import { access, readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../cli/command";
import ts from "typescript";
import { listPages, readAnchors, readBlocks, readLinks, readPage } from "./pages";

const SHELLS = ["sh", "powershell"];
/** The test that pastes the blocks of a page into a shell. */
const PASTING = "test/examples/pasted-pages.test.ts";
/** On a state that is damaged, by test/cli/repair-on-the-engine.test.ts. */
const RUN_ELSEWHERE = ["docs/after-a-broken-run.md"];

describe("The pages", () => {
  it("are all pasted by a test if they show commands", async () => {
    const test = await readFile(path.join(REPOSITORY, PASTING), "utf8");
    for (const page of await listPages())
      if (
        !RUN_ELSEWHERE.includes(page) &&
        (await readBlocks(page)).some(({ language }) => SHELLS.includes(language))
      )
        assert.match(test, new RegExp(`pastePage\\("${page.replaceAll(".", "\\.")}"`), `${PASTING}: ${page}`);
  });

  it("name the language of every block, and call no command a text", async () => {
    for (const page of await listPages()) {
      const fences = (await readPage(page)).match(/^ *```.*$/gm) ?? [];
      for (const [i, fence] of fences.entries())
        assert.match(fence, i % 2 === 0 ? /^ *```\w+$/ : /^ *```$/, `${page}: ${fence}`);
      for (const { language, text } of await readBlocks(page))
        if (language === "text") assert.doesNotMatch(text, /^\s*\$?\s*(npm|npx|pulumi|az|gh|git) /m, page);
    }
  });

  it("fetch nothing by a name or address that anybody may take, nor do messages and examples", async () => {
    const folders = [
      "",
      "docs",
      "examples",
      "cli",
      "components",
      "stack",
      "plugin",
      "local-azure",
      ".github",
    ];
    const texts = /\.(md|ts|mjs|yml|yaml|json|py|go)$/;
    let forms = 0;
    for (const folder of folders)
      for (const name of await readdir(path.join(REPOSITORY, folder), { recursive: folder !== "" })) {
        if (!texts.test(name) || /node_modules|CHANGELOG/.test(name)) continue;
        const text = await readFile(path.join(REPOSITORY, folder, name), "utf8");
        for (const [form] of text.matchAll(/npx\b[^`"\n]*?\bhiml-sp\b/g)) {
          forms += 1;
          assert.match(form, /^npx (--no -- |--package \.\/\S+\.tgz )himl-sp$/, `${folder}/${name}`);
        }
        // Nothing is published: an address of this project would be that of somebody else.
        assert.doesNotMatch(
          text,
          /OWNER\/himl-service-principal|himl-service-principal\.git\//,
          `${folder}/${name}`,
        );
      }
    assert.ok(forms > 50, String(forms));
  });

  it("call a shell by one name, or the blocks would be pasted by nobody", async () => {
    for (const page of await listPages())
      for (const { language } of await readBlocks(page))
        assert.doesNotMatch(language, /^(bash|shell|zsh|console|terminal|cmd|pwsh|ps1)$/, page);
  });

  it("have no comments in blocks to paste, which zsh takes for arguments", async () => {
    for (const page of await listPages())
      for (const { language, text } of await readBlocks(page))
        if (language === "sh") assert.doesNotMatch(text, /^#| # /m, page);
  });

  it("show TypeScript that compiles", async function () {
    this.timeout(60_000);
    const programs = new Map<string, string>();
    for (const page of await listPages())
      for (const [index, { language, text }] of (await readBlocks(page)).entries())
        if (language === "ts") programs.set(path.join(REPOSITORY, "test", `${page}-${index}.ts`), text);
    assert.ok(programs.size > 0);
    assert.equal(typeErrors(programs), "");
  });

  it("link to files and headings that exist", async () => {
    for (const page of await listPages())
      for (const link of await readLinks(page)) {
        const [file, anchor] = link.split("#") as [string, string?];
        await access(path.join(REPOSITORY, file)).catch(() => assert.fail(`${page}: ${link}`));
        if (anchor === undefined || (await stat(path.join(REPOSITORY, file))).isDirectory()) continue;
        assert.ok((await readAnchors(file)).includes(anchor), `${page}: ${link}`);
      }
  });

  it("can all be reached from the README", async () => {
    const reached = new Set(["README.md"]);
    for (const page of reached)
      for (const link of await readLinks(page)) {
        const file = link.split("#")[0]!;
        const pages = (await listPages()).filter(
          (other) => other === file || other.startsWith(`${file.replace(/\/$/, "")}/`),
        );
        pages.forEach((other) => reached.add(other));
      }
    assert.deepEqual(
      (await listPages()).filter((page) => !reached.has(page)),
      [],
    );
  });

  it("leave the README short: 150 lines at most", async () => {
    const lines = (await readFile(path.join(REPOSITORY, "README.md"), "utf8")).trimEnd().split("\n");
    assert.ok(lines.length <= 150, `${lines.length} lines`);
  });
});

/** What the compiler says about files that exist in memory only. Those in `test/` may import what a test imports. */
function typeErrors(files: ReadonlyMap<string, string>): string {
  const { config } = ts.readConfigFile(path.join(REPOSITORY, "tsconfig.json"), (file) =>
    ts.sys.readFile(file),
  ) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, REPOSITORY);
  const host = ts.createCompilerHost(options);
  host.fileExists = (file) => files.has(file) || ts.sys.fileExists(file);
  host.readFile = (file) => files.get(file) ?? ts.sys.readFile(file);
  const program = ts.createProgram(
    [...files.keys()],
    { ...options, types: ["node", "mocha"], noEmit: true },
    host,
  );
  return ts.formatDiagnostics(
    [...files.keys()].flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file))),
    host,
  );
}
