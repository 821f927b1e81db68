// The program behind each stand-in.
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import recorded from "./recorded-answers.cjs";

const [folder, tool, ...args] = process.argv.slice(2);
// Not readFileSync(0): a pipe of a shell may not have the data yet, which that takes for an error.
const stdin = await text(process.stdin);

// Where a test has left a text to look for: which processes of this machine show it, while the command works.
const watched = path.join(folder, "watched");
if (existsSync(watched)) {
  const wanted = readFileSync(watched, "utf8");
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const [file, where] of [
      ["cmdline", "arguments"],
      ["environ", "environment"],
    ]) {
      try {
        if (!readFileSync(`/proc/${pid}/${file}`, "utf8").includes(wanted)) continue;
      } catch {
        // It has ended, or is somebody else's.
        continue;
      }
      const holder = Number(pid) === process.pid ? tool : readFileSync(`/proc/${pid}/cmdline`, "utf8");
      appendFileSync(path.join(folder, "seen"), `${where} of ${holder.replaceAll("\0", " ")}\n`);
    }
  }
  appendFileSync(path.join(folder, "looks"), `${tool}\n`);
}

const { stdout, stderr, exitCode } = recorded.giveAnswer(folder, tool, args, stdin, process.env);
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
