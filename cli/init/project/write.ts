import { accessSync, constants, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createTwoFilesPatch } from "diff";
import { CliError } from "../../errors";

/** A file as it is to be. Its texts have plain line ends; its bytes have those that it had. */
export interface PlannedFile {
  /** Absolute. */
  path: string;
  /** What is there now. */
  before: string | undefined;
  after: string | Buffer;
  /** As it is on the disk. */
  former?: FileOnDisk;
}

interface FileOnDisk {
  bytes: Buffer;
  mode: number;
  text: string;
  encode: (text: string) => Buffer;
}

const BOM = "\ufeff";

/** @returns nothing where there is no such file. @throws CliError where it is no text */
export function readFile(file: string): FileOnDisk | undefined {
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  // Windows PowerShell writes UTF-16 with `>`.
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8";
  let text;
  try {
    text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CliError(
      "ENCODING_UNKNOWN",
      `${file} must be text in UTF-8, or in UTF-16 with a byte order mark. It is not.`,
      "Save it in UTF-8. Nothing was written.",
    );
  }
  const mark = text.startsWith(BOM) ? BOM : "";
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  return {
    bytes,
    mode: lstatSync(file).mode,
    text: text.slice(mark.length).replaceAll("\r\n", "\n"),
    encode: (changed) =>
      Buffer.from(mark + changed.replaceAll("\n", lineEnd), encoding === "utf-8" ? "utf8" : "utf16le"),
  };
}

/** What becomes of a file below a root. @throws CliError where a link leads elsewhere */
export function planFile(
  root: string,
  file: string,
  write: (before: string | undefined) => string | Buffer,
): PlannedFile {
  checkBelow(root, file);
  const former = readFile(file);
  return { path: file, before: former?.text, after: write(former?.text), ...(former && { former }) };
}

function checkBelow(root: string, file: string): void {
  let existing = file;
  while (!existsSync(existing) && lstatSync(existing, { throwIfNoEntry: false }) === undefined)
    existing = path.dirname(existing);
  const place = path.relative(realpathSync(root), existsSync(existing) ? realpathSync(existing) : "/");
  if (!place.startsWith("..") && !path.isAbsolute(place)) return;
  throw new CliError(
    "LEADS_ELSEWHERE",
    `${file} must lie below ${root}. A link leads elsewhere.`,
    "Replace the link by a folder. Nothing was written.",
  );
}

/** Before anybody is asked anything. @throws an error of the operating system */
export function checkWritable(folder: string): void {
  let existing = folder;
  while (!existsSync(existing)) existing = path.dirname(existing);
  if (!lstatSync(realpathSync(existing)).isDirectory())
    throw new CliError(
      "NO_FOLDER",
      `${existing} must be a folder. It is a file.`,
      "Name another one with --cwd.",
    );
  accessSync(existing, constants.W_OK | constants.X_OK);
}

/** What would become of a file, as `diff -u` shows it. */
export function formatDiff({ path: file, before = "", after }: PlannedFile, folder: string): string {
  const name = path.relative(folder, file);
  if (typeof after !== "string") return `${name} would be another file.\n`;
  return createTwoFilesPatch(name, name, before, after, "as it is", "as it would be", { context: 3 });
}

export function stateOf({ before, after, former }: PlannedFile): "new" | "unchanged" | "changed" {
  if (former === undefined) return "new";
  const isSame = typeof after === "string" ? before === after : former.bytes.equals(after);
  return isSame ? "unchanged" : "changed";
}

/**
 * Writes all files or none: each goes beside its place first, and the places are taken at the end, in one go without a
 * pause in which anything could interrupt.
 *
 * @param rename a test makes it fail.
 */
export function writeAll(files: readonly PlannedFile[], rename: typeof renameSync = renameSync): void {
  const folders: string[] = [];
  const taken: PlannedFile[] = [];
  const beside = (file: string) =>
    path.join(path.dirname(file), `.${path.basename(file)}.himl-${process.pid}`);
  try {
    for (const { path: file, after, former } of files) {
      const made = mkdirSync(path.dirname(file), { recursive: true });
      if (made !== undefined) folders.push(made);
      const bytes = typeof after === "string" ? (former?.encode(after) ?? after) : after;
      writeFileSync(beside(file), bytes, { flag: "wx", ...(former && { mode: former.mode }) });
    }
    for (const file of files) {
      rename(beside(file.path), file.path);
      taken.push(file);
    }
  } catch (error) {
    for (const { path: file } of files) rmSync(beside(file), { force: true });
    for (const { path: file, former } of taken) {
      if (former === undefined) rmSync(file, { force: true });
      else writeFileSync(file, former.bytes);
    }
    for (const folder of folders.reverse()) rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
