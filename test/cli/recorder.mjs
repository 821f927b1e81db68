// The program behind each stand-in.
import process from "node:process";
import { text } from "node:stream/consumers";
import recorded from "./recorded-answers.cjs";

const [folder, tool, ...args] = process.argv.slice(2);
// Not readFileSync(0): a pipe of a shell may not have the data yet, which that takes for an error.
const stdin = await text(process.stdin);
const { stdout, stderr, exitCode } = recorded.giveAnswer(folder, tool, args, stdin, process.env);
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
