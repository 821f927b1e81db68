// The built command in a process that stays: of a run only the time of the command itself is left, not that of Node.js and
// of loading all modules. What a process has once (proxy, certificates) is of all runs; what a run has is in its message.
const { runCommandLine } = require("../../dist/cli/program.js");
const { ANSWERING } = require("./recorded-answers.cjs");

const NEVER = new AbortController().signal;

process.on("message", ({ id, args, env, answers = [] }) => {
  const written = { stdout: "", stderr: "" };
  const output = (name) => ({
    write: (text) => void (written[name] += text),
    isTerminal: false,
    hasColor: false,
  });
  const io = {
    env,
    stdout: output("stdout"),
    stderr: output("stderr"),
    canAsk: answers.length > 0,
    ask: (question) => {
      written.stderr += `${question}\n`;
      const given = answers.shift();
      return given === undefined ? Promise.reject(new Error("Nobody is there.")) : Promise.resolve(given);
    },
    now: () => new Date(),
    ...ANSWERING,
    childStdio: "ignore",
    signal: NEVER,
  };
  runCommandLine(args, io, "0.0.0").then(
    (exitCode) => process.send({ id, exitCode, signal: undefined, ...written }),
    (error) => process.send({ id, exitCode: 1, signal: undefined, stdout: "", stderr: String(error.stack) }),
  );
});
