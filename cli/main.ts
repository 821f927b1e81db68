#!/usr/bin/env node
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import type { WriteStream } from "node:tty";
import type { Io, Output } from "./io";
import { CliError, explainSystemError, formatError } from "./errors";
import { runCommandLine } from "./program";
import type * as processes from "./tools/process";

// The only place of the command that reads argv, sets the exit code, and writes to stdout and stderr.

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // The second signal ends the process, as without this handler.
  process.once(signal, () => stopping.abort(signal));
}

function outputOf(stream: WriteStream): Output {
  // A reader such as `head` closes the pipe when it has enough.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    process.exitCode = 1;
    if (stream !== process.stderr)
      process.stderr.write(
        formatError(explainSystemError(error) ?? new CliError("OUTPUT_FAILED", error.message, "")),
      );
  });
  const isTerminal = stream.isTTY ?? false;
  const signs = hasUnicode(isTerminal);
  return {
    // What people read; data stays as it is.
    write: (text) =>
      void stream.write(stream === process.stderr && !signs ? text.replaceAll("…", "...") : text),
    isTerminal,
    // https://no-color.org
    hasColor: isTerminal && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb",
    // A getter, because a terminal can change its size.
    get columns() {
      return isTerminal ? stream.columns : undefined;
    },
    hasUnicode: signs,
  };
}

/** By the locale; a terminal of Windows has none, and shows them, but what a pipe there takes is anybody's guess. */
function hasUnicode(isTerminal: boolean): boolean {
  const { TERM, LC_ALL, LC_CTYPE, LANG } = process.env;
  if (TERM === "dumb") return false;
  if (process.platform === "win32") return isTerminal;
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}

// Loaded when the first tool is started.
// oxlint-disable-next-line typescript/no-require-imports
const loadProcesses = () => require("./tools/process") as typeof processes;

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
  run: (...args) => loadProcesses().run(...args),
  runAttached: (...args) => loadProcesses().runAttached(...args),
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

/** As curl and the Azure CLI take it: `127.0.0.1:8080`. What cannot be one would end as a stack trace of a library. */
function completeProxies(): CliError | undefined {
  for (const name of ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"].flatMap((one) => [one, one.toLowerCase()])) {
    const value = process.env[name];
    if (!value) continue;
    const url = value.includes("://") ? value : `http://${value}`;
    // It may contain a password, so it is not shown.
    if (!URL.canParse(url) || !new URL(url).hostname)
      return new CliError(
        "PROXY_INVALID",
        `${name} must be the address of a proxy. It is not.`,
        "Such as http://127.0.0.1:8080",
      );
    process.env[name] = url;
  }
  return undefined;
}

async function main(): Promise<void> {
  const problem = completeProxies();
  if (problem !== undefined) {
    io.stderr.write(formatError(problem));
    process.exitCode = 1;
    return;
  }
  process.exitCode = await runCommandLine(process.argv.slice(2), io, readVersion());
}

void main();
