// Preloaded into a process, which then takes itself for one on Windows, in C:\project: files of C: are those of a folder
// here. Programs are not started; a log gets how they would be, and the recorder of the stand-ins answers for them.
/* global __dirname */
const childProcess = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const process = require("node:process");

const { SIMULATED_DRIVE: drive, SIMULATED_TOOLS: tools } = process.env;
const recorder = path.join(__dirname, "recorder.mjs");

Object.defineProperty(process, "platform", { value: "win32" });
process.cwd = () => "C:\\project";
process.chdir = undefined;

const mapped = (file) =>
  typeof file === "string" && /^c:[\\/]/i.test(file)
    ? path.join(drive, ...file.slice(3).toLowerCase().split(/[\\/]/))
    : file;
for (const name of ["statSync", "accessSync", "openSync", "readFileSync"]) {
  const original = fs[name];
  fs[name] = (file, ...rest) => original(mapped(file), ...rest);
}
fs.realpathSync = (folder) => (fs.statSync(folder), folder);

const { spawn } = childProcess;
childProcess.spawn = (file, args, options) => {
  fs.appendFileSync(
    path.join(tools, "started.jsonl"),
    `${JSON.stringify({ file, args, env: options.env })}\n`,
  );
  // cross-spawn gives cmd.exe one text, each argument between quotes, special characters after ^.
  const words = /cmd\.exe$/i.test(file)
    ? args[3]
        .replace(/^"|"$/g, "")
        .replace(/\^(.)/g, "$1")
        .match(/"[^"]*"|[^\s"]+/g)
        .map((word) => word.replace(/^"|"$/g, ""))
    : [file, ...args];
  const tool = words[0].replace(/^.*[\\/]/, "").replace(/\.\w+$/, "");
  return spawn(process.execPath, [recorder, tools, tool, ...words.slice(1)], {
    ...options,
    windowsVerbatimArguments: false,
  });
};
