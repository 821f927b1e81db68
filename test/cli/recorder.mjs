// The program behind each stand-in: records how it was called, and gives the first answer that fits.
import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";

const [folder, tool, ...args] = process.argv.slice(2);
// Not readFileSync(0): a pipe of a shell may not have the data yet, which that takes for an error.
const stdin = await text(process.stdin);
appendFileSync(join(folder, "calls.jsonl"), `${JSON.stringify({ tool, args, stdin, env: process.env })}\n`);

const file = join(folder, `${tool}.answers.json`);
const answers = JSON.parse(readFileSync(file, "utf8"));
const found = answers.find((answer) => answer.times !== 0 && answer.args.every((arg, i) => args[i] === arg));
if (found === undefined) {
  process.stderr.write(`${tool}: the stand-in has no answer to: ${args.join(" ")}\n`);
  process.exitCode = 99;
} else {
  if (found.times !== undefined) {
    found.times -= 1;
    // Whole or not at all: several may run at once.
    const written = `${file}.${process.pid}`;
    writeFileSync(written, JSON.stringify(answers));
    renameSync(written, file);
  }
  process.stdout.write(found.stdout ?? "");
  process.stderr.write(found.stderr ?? "");
  process.exitCode = found.exitCode ?? 0;
}
