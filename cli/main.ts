#!/usr/bin/env node
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import type { WriteStream } from "node:tty";
import type { Io, Output } from "./io";
import { runCommandLine } from "./program";

// The only place of the command that reads argv, sets the exit code, and writes to stdout and stderr.

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // The second signal ends the process, as without this handler.
  process.once(signal, () => stopping.abort(signal));
}

function outputOf(stream: WriteStream): Output {
  // A reader such as `head` closes the pipe when it has enough.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const isTerminal = stream.isTTY ?? false;
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    // https://no-color.org
    hasColor: isTerminal && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb",
    // A getter, because a terminal can change its size.
    get columns() {
      return isTerminal ? stream.columns : undefined;
    },
    hasUnicode: hasUnicode(isTerminal),
  };
}

/** By the locale; a terminal of Windows has none, and shows them, but what a pipe there takes is anybody's guess. */
function hasUnicode(isTerminal: boolean): boolean {
  const { TERM, LC_ALL, LC_CTYPE, LANG } = process.env;
  if (TERM === "dumb") return false;
  if (process.platform === "win32") return isTerminal;
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}

const io: Io = {
  env: process.env,
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  canAsk: process.stdin.isTTY && process.stderr.isTTY,
  ask: async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    // While a terminal is being read, Ctrl+C sends no signal.
    terminal.on("SIGINT", () => stopping.abort("SIGINT"));
    try {
      return await terminal.question(question, { signal: stopping.signal });
    } finally {
      terminal.close();
    }
  },
  now: () => new Date(),
  childStdio: ["ignore", 2, 2],
  signal: stopping.signal,
};

/** The version in the nearest package.json: one folder up from the sources, two from the build. */
function readVersion(folder = __dirname): string {
  try {
    const { version } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
      version: string;
    };
    return version;
  } catch (error) {
    if (folder === path.dirname(folder)) throw error;
    return readVersion(path.dirname(folder));
  }
}

async function main(): Promise<void> {
  process.exitCode = await runCommandLine(process.argv.slice(2), io, readVersion());
}

void main();
