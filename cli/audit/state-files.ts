import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

// Reads a file backend. A broken file there is a finding, never an error.

/** The layout of a file backend: pkg/backend/diy in the sources of Pulumi. */
export interface StackPaths {
  /** Without `.json`. */
  readonly checkpoint: string;
  readonly locks: string;
  readonly history: string;
  readonly backups: string;
}

export async function listFolder(folder: string, options: { recursive?: boolean } = {}): Promise<string[]> {
  try {
    return await readdir(folder, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

export async function readText(file: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  try {
    return (isPacked ? await promisify(gunzip)(bytes) : bytes).toString("utf8");
  } catch {
    // Cut in half, as any text may be.
    return "";
  }
}

export function parseOrNothing<T>(text: string | undefined): T | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}
