import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createTwoFilesPatch } from "diff";
import type { PlannedFile } from "./files";

/** What would become of a file, as `diff -u` shows it. */
export function formatDiff({ path: file, before = "", after }: PlannedFile, folder: string): string {
  const name = path.relative(folder, file);
  return createTwoFilesPatch(name, name, before, after, "as it is", "as it would be", { context: 3 });
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
    for (const { path: file, after } of files) {
      const made = mkdirSync(path.dirname(file), { recursive: true });
      if (made !== undefined) folders.push(made);
      writeFileSync(beside(file), after, { flag: "wx" });
    }
    for (const file of files) {
      rename(beside(file.path), file.path);
      taken.push(file);
    }
  } catch (error) {
    for (const { path: file } of files) rmSync(beside(file), { force: true });
    for (const { path: file, before } of taken) {
      if (before === undefined) rmSync(file, { force: true });
      else writeFileSync(file, before);
    }
    for (const folder of folders.reverse()) rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
