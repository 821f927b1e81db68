// What a stand-in does when it is called: it records how, and gives the first answer that fits. Programs on PATH do it
// (recorder.mjs), and commands that run within the process of a test, without a program.
const {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  writeFileSync,
} = require("node:fs");
const path = require("node:path");
const process = require("node:process");

// Not for the program of a stand-in, which is started often.
const processes = () => require("../../dist/cli/tools/process.js");

function giveAnswer(folder, tool, args, stdin, env) {
  appendFileSync(path.join(folder, "calls.jsonl"), `${JSON.stringify({ tool, args, stdin, env })}\n`);
  const file = path.join(folder, `${tool}.answers.json`);
  const answers = JSON.parse(readFileSync(file, "utf8"));
  const found = answers.find(
    (answer) => answer.times !== 0 && answer.args.every((arg, i) => args[i] === arg),
  );
  if (found === undefined) {
    const stderr = `${tool}: the stand-in has no answer to: ${args.join(" ")}\n`;
    return { stdout: "", stderr, exitCode: 99 };
  }
  // npm pack: an archive that is ready goes where it is wanted.
  if (found.packs !== undefined)
    copyFileSync(
      found.packs,
      path.join(args[args.indexOf("--pack-destination") + 1], path.basename(found.packs)),
    );
  if (found.times !== undefined) {
    found.times -= 1;
    // Whole or not at all: several may run at once.
    const written = `${file}.${process.pid}`;
    writeFileSync(written, JSON.stringify(answers));
    renameSync(written, file);
  }
  return { stdout: found.stdout ?? "", stderr: found.stderr ?? "", exitCode: found.exitCode ?? 0 };
}

/** The part of an `Io` that starts tools: a stand-in on PATH answers without being started. */
const ANSWERING = {
  run: (program, args, options) => {
    const folder = standInsOf(program, options.env);
    if (folder === undefined) return processes().run(program, args, options);
    const answered = giveAnswer(folder, program, args, options.input ?? "", options.env);
    return Promise.resolve({ signal: undefined, ...answered });
  },
  runAttached: (program, args, options) => {
    const folder = standInsOf(program, options.env);
    if (folder === undefined) return processes().runAttached(program, args, options);
    return Promise.resolve(giveAnswer(folder, program, args, "", options.env).exitCode);
  },
};

function standInsOf(program, env) {
  const folders = (env.PATH ?? "").split(path.delimiter).filter(Boolean);
  return folders.find((folder) => existsSync(path.join(folder, `${program}.answers.json`)));
}

module.exports = { ANSWERING, giveAnswer, standInsOf };
