import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../cli/command";

/** A fenced block of a page. */
interface Block {
  page: string;
  language: string;
  text: string;
}

const FOLDERS_WITHOUT_PAGES = ["node_modules", "dist", ".git"];

/** Every page of the repository that people read, as its path from the root. */
export async function listPages(folder = ""): Promise<string[]> {
  const entries = await readdir(path.join(REPOSITORY, folder), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const at = path.posix.join(folder, entry.name);
      if (entry.isDirectory()) return FOLDERS_WITHOUT_PAGES.includes(entry.name) ? [] : await listPages(at);
      return entry.name.endsWith(".md") ? [at] : [];
    }),
  );
  return found.flat().sort();
}

export async function readPage(page: string): Promise<string> {
  return readFile(path.join(REPOSITORY, page), "utf8");
}

/** The blocks of a page in order; those inside of lists without their indentation. */
export async function readBlocks(page: string): Promise<Block[]> {
  const text = await readPage(page);
  return [...text.matchAll(/^( *)```(\w+)\n([^]*?)^ *```$/gm)].map(([, indent, language, block]) => ({
    page,
    language: language!,
    text: block!.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

/** Commands that a page shows within its sentences: `` `pulumi up` ``. */
export async function readInlineCommands(page: string): Promise<string[]> {
  const prose = (await readPage(page)).replaceAll(/^ *```[^]*?^ *```$/gm, "");
  const spans = [...prose.matchAll(/`((?:pulumi|npx|npm|az|gh|himl-sp) [^`\n]*)`/g)].map(([, span]) => span!);
  return [
    ...new Set(spans.map((span) => span.replaceAll("\\|", "|").replace(/^himl-sp/, "npx --no -- himl-sp"))),
  ];
}

/** Links of a page to other files of the repository, each as a path from the root, with `#heading` where it has one. */
export async function readLinks(page: string): Promise<string[]> {
  const links = [...(await readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => (link.startsWith("#") ? page + link : path.posix.join(path.posix.dirname(page), link)));
}

/** The anchors that GitHub gives to the headings of a page. */
export async function readAnchors(page: string): Promise<string[]> {
  const headings = [...(await readPage(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
