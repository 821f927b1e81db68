import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface, type Interface } from "node:readline";
import { VARIABLE_NAMES } from "../../cli/variables";
import { bareEnvironment } from "./command";

/** What a reader made of a text, by variable. */
export type Read = Record<string, string>;

/** bash itself, as `eval "$(himl-sp env --format bash)"` uses it. */
export function readWithBash(text: string): Read {
  const print = VARIABLE_NAMES.map((name) => `printf '%s\\0' "$${name}"`).join("; ");
  const stdout = execFileSync("bash", ["--norc", "-c", `eval "$(cat)"; ${print}`], {
    input: text,
    env: { ...bareEnvironment(), PATH: process.env["PATH"] },
  });
  return named(stdout.toString("utf8").split("\0"));
}

/** python-dotenv, in one process for all texts: starting Python takes longer than all they ask of it. */
export class PythonDotenv {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: Interface;

  constructor(python: string) {
    const program = `
import io, json, os, sys, tempfile, dotenv
path = tempfile.mkstemp()[1]
try:
    for line in sys.stdin:
        with open(path, "wb") as file: file.write(json.loads(line).encode())
        print(json.dumps(dotenv.dotenv_values(path)), flush=True)
finally:
    os.unlink(path)
`;
    this.child = spawn(python, ["-c", program], { env: bareEnvironment() });
    this.lines = createInterface({ input: this.child.stdout });
  }

  async read(text: string): Promise<Read> {
    const answer = once(this.lines, "line");
    this.child.stdin.write(`${JSON.stringify(text)}\n`);
    return JSON.parse((await answer)[0] as string) as Read;
  }

  async close(): Promise<void> {
    this.child.stdin.end();
    await once(this.child, "close");
  }
}

/** docker's own command, which reads the file itself; a pretended daemon tells what it would have set. */
export async function readWithDocker(envFile: string): Promise<Read> {
  let created = "";
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const isCreation = request.url?.includes("/containers/create") ?? false;
      if (isCreation) created = body;
      response.writeHead(isCreation ? 500 : 200, { "Api-Version": "1.43" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const child = spawn("docker", ["--host", host, "create", "--env-file", envFile, "image"], {
    env: { ...bareEnvironment(), PATH: process.env["PATH"] },
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  await once(child, "close");
  server.close();
  if (created === "") throw new Error(`docker asked for no container: ${stderr}`);
  const { Env } = JSON.parse(created) as { Env: string[] };
  return Object.fromEntries(Env.map(splitPair));
}

/** By docker's documented rules: the rest of the line is the value; lines end with \n or \r\n. */
export function readAsDockerEnvFile(text: string): Read {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, "").replace(/^\s+/, ""));
  const pairs = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(pairs.map(splitPair));
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf("=");
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

/** By GitHub's documentation of `GITHUB_ENV`; on Windows the runner takes \r\n for a line break as well. */
export function readAsGithubEnv(text: string, lineBreak: "\n" | "\r\n"): Read {
  const read: Read = {};
  const isBreak = lineBreak === "\n" ? /\n/g : /\r?\n/g;
  let at = 0;
  const nextLine = () => {
    isBreak.lastIndex = at;
    const end = isBreak.exec(text);
    const line = text.slice(at, end?.index ?? text.length);
    const from = at;
    at = end === null ? text.length : isBreak.lastIndex;
    return { line, from, to: from + line.length };
  };
  while (at < text.length) {
    const { line } = nextLine();
    if (line === "") continue;
    const heredoc = /^([^=<]+)<<(.+)$/.exec(line);
    if (heredoc === null) {
      const equals = line.indexOf("=");
      if (equals < 0) throw new Error(`Invalid format ${JSON.stringify(line)}`);
      read[line.slice(0, equals)] = line.slice(equals + 1);
      continue;
    }
    const start = at;
    let end = at;
    for (let next = nextLine(); next.line !== heredoc[2]; next = nextLine()) {
      if (at >= text.length) throw new Error("Matching delimiter not found");
      end = next.to;
    }
    read[heredoc[1]!] = text.slice(start, end);
  }
  return read;
}

/** By GitHub's documentation of workflow commands: the values that are masked. */
export function readMasks(stdout: string): string[] {
  return stdout.split("\n").flatMap((line) => {
    const command = /^::add-mask::(.*)$/s.exec(line.replace(/\r$/, ""));
    if (command === null) return [];
    return [command[1]!.replace(/%0D|%0A|%25/g, (code) => ({ "%0D": "\r", "%0A": "\n" })[code] ?? "%")];
  });
}

export interface PipelineVariable {
  value: string;
  isSecret: boolean;
}

/** By Azure's documentation of logging commands and their escapes; an unescaped `]` or `;` would end a part. */
export function readAsAzurePipelines(stdout: string): Record<string, PipelineVariable> {
  const read: Record<string, PipelineVariable> = {};
  for (const line of stdout.split(/\r\n|\r|\n/)) {
    const command = /##vso\[task\.setvariable ([^\]]*)\](.*)$/s.exec(line);
    if (command === null) {
      if (line !== "") throw new Error(`No logging command: ${JSON.stringify(line)}`);
      continue;
    }
    const properties = Object.fromEntries(
      command[1]!.split(";").map((property) => property.split("=", 2) as [string, string]),
    );
    read[properties["variable"]!] = {
      value: command[2]!.replace(/%AZP25|%3B|%0D|%0A|%5D/g, (code) => AZURE_ESCAPES[code]!),
      isSecret: properties["issecret"] === "true",
    };
  }
  return read;
}

const AZURE_ESCAPES: Record<string, string> = {
  "%AZP25": "%",
  "%3B": ";",
  "%0D": "\r",
  "%0A": "\n",
  "%5D": "]",
};

/** The PowerShell of this machine, if it has one. */
export function findPowerShell(): string | undefined {
  return ["pwsh", "powershell"].find(
    (name) => spawnSync(name, ["-NoProfile", "-Command", "exit 0"], { timeout: 30_000 }).status === 0,
  );
}

/** PowerShell itself, as `himl-sp env --format powershell | Out-String | Invoke-Expression` uses it. */
export function readWithPowerShell(program: string, text: string): Read {
  const print = VARIABLE_NAMES.map(
    (name) => `[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($env:${name}))`,
  ).join("; ");
  const stdout = execFileSync(
    program,
    ["-NoProfile", "-NonInteractive", "-Command", `$input | Out-String | Invoke-Expression; ${print}`],
    { input: text, env: process.env },
  );
  const encoded = stdout.toString("utf8").trim().split(/\r?\n/);
  return named(encoded.map((value) => Buffer.from(value, "base64").toString("utf8")));
}

/** By PowerShell's documentation of single-quoted strings, `+` and `[char]`; for machines without one. */
export function readAsPowerShell(text: string): Read {
  const read: Read = {};
  for (const line of text.split("\n").filter(Boolean)) {
    if (!/^[\x20-\x7e]*$/.test(line))
      throw new Error("Only printable ASCII survives a pipeline of PowerShell");
    const assignment =
      /^\$env:(\w+) = ((?:'(?:[^']|'')*'|\[char\]0x[0-9A-F]{4})(?: \+ (?:'(?:[^']|'')*'|\[char\]0x[0-9A-F]{4}))*)$/.exec(
        line,
      );
    if (assignment === null) throw new Error(`Not an assignment: ${line}`);
    const operands = assignment[2]!.match(/'(?:[^']|'')*'|\[char\]0x[0-9A-F]{4}/g)!;
    if (!operands[0]?.startsWith("'")) throw new Error("[char] + [char] is a number");
    read[assignment[1]!] = operands
      .map((operand) =>
        operand.startsWith("'")
          ? operand.slice(1, -1).replaceAll("''", "'")
          : String.fromCharCode(Number(operand.slice("[char]".length))),
      )
      .join("");
  }
  return read;
}

function named(values: readonly string[]): Read {
  return Object.fromEntries(VARIABLE_NAMES.map((name, i) => [name, values[i] ?? ""]));
}
