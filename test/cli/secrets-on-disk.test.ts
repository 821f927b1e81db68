import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { requireEngine } from "../rehearsal/support";
import { REPOSITORY, runCommand } from "./command";
import { RealStack } from "./real-stack";
import { answerOfRepository } from "./outputs";
import { StandIns } from "./stand-ins";

const PASSWORD = "HIML_SERVICE_PRINCIPAL_PASSWORD";
/** An access token, whoever's. */
const TOKEN = /eyJ[\w-]{20,}\.[\w-]{20,}/;

describe("A machine on which everything was run, searched afterwards", function () {
  this.timeout(300_000);
  let stack: RealStack;
  let tools: StandIns;
  /** What nobody may find, by its name. */
  const secrets: Record<string, string> = {};
  /** All that the commands printed which nobody asked for a secret. */
  let printed = "";

  before(async function () {
    this.timeout(900_000);
    const passphrase = randomBytes(16).toString("hex");
    stack = await RealStack.create(await requireEngine(this), { passphrase });
    await mkdir(path.join(stack.folder, "tmp"));
    tools = await StandIns.create({ gh: [answerOfRepository("o/r"), { args: [], stdout: "[]" }] });
    secrets["the passphrase"] = passphrase;
    secrets["the login's own secret"] = stack.env["ARM_CLIENT_SECRET"]!;
  });
  after(async () => {
    await tools?.remove();
    await stack?.close();
  });

  const tmp = () => path.join(stack.folder, "tmp");
  const environment = () => {
    const temporary = { TMPDIR: tmp(), TEMP: tmp(), TMP: tmp() };
    return { ...stack.env, ...temporary, PATH: [stack.env["PATH"], tools.folder].join(path.delimiter) };
  };
  const himlSp = (...args: string[]) => runCommand(args, { cwd: stack.project, env: environment() });
  const pulumi = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await stack.session.pulumi(args, { TMPDIR: tmp() });
    assert.equal(exitCode, 0, `${args.join(" ")}\n${stdout}\n${stderr}`);
    printed += stdout + stderr;
  };
  const readPassword = async (name: string) => {
    const { stdout } = await himlSp("env", "--format", "json");
    secrets[name] = (JSON.parse(stdout) as Record<string, string>)[PASSWORD]!;
    assert.ok(secrets[name].length > 30);
  };

  /** Each text in which a secret may be written. */
  const spellings = (secret: string) => [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    ...["base64", "base64url", "hex"].map((encoding) =>
      Buffer.from(secret)
        .toString(encoding as BufferEncoding)
        .replace(/=+$/, ""),
    ),
  ];
  const findSecrets = (text: string): string[] => [
    ...Object.keys(secrets).filter((name) => spellings(secrets[name]!).some((one) => text.includes(one))),
    ...(TOKEN.test(text) ? ["an access token"] : []),
  ];

  it("runs the life of a stack, and every command", async () => {
    await pulumi("preview");
    await pulumi("up", "--yes", "--skip-preview");
    await readPassword("the first password");
    await pulumi("refresh", "--yes", "--skip-preview");
    const commands: string[][] = [
      ["status"],
      ["status", "--json"],
      ["status", "--all"],
      ["env", "--format", "json", "--no-secret"],
      ["verify", "--from", "stack"],
      ["verify", "--from", "stack", "--json"],
      ["push", "github", "--repo", "o/r", "--dry-run"],
      ["push", "github", "--repo", "o/r"],
      ["audit"],
      ["audit", "--json"],
      ["rotate", "--yes"],
      ["repair", "--yes"],
    ];
    for (const args of commands) {
      const { exitCode, stdout, stderr } = await himlSp(...args);
      assert.ok(exitCode === 0 || args[0] === "audit", `${args.join(" ")}\n${stdout}\n${stderr}`);
      printed += stdout + stderr;
    }
    await readPassword("the second password");
    assert.notEqual(secrets["the first password"], secrets["the second password"]);
    await pulumi("stack", "output");
    await pulumi("stack", "export");
    await pulumi("stack", "history");
    await pulumi("config");
  });

  it("no secret was printed", () => {
    assert.deepEqual(findSecrets(printed), []);
  });

  it("no secret is in state, history, backups, settings, Pulumi's home, or what was temporary", async () => {
    const entries = await readdir(stack.folder, { recursive: true, withFileTypes: true });
    // A symbolic link, such as the `pulumi` of PATH, is not followed.
    const files = entries.filter((entry) => entry.isFile());
    const found: string[] = [];
    for (const entry of files) {
      const file = path.join(entry.parentPath, entry.name);
      const content = await readFile(file);
      const text = (file.endsWith(".gz") ? gunzipSync(content) : content).toString("latin1");
      found.push(...findSecrets(text).map((name) => `${path.relative(stack.folder, file)}: ${name}`));
    }
    assert.deepEqual(found, []);
    const names = files.map((entry) => path.relative(stack.folder, path.join(entry.parentPath, entry.name)));
    for (const place of ["stacks", "history", "backups"])
      assert.ok(
        names.some((name) => name.split(path.sep).includes(place)),
        `nothing in ${place}: ${names.join(", ")}`,
      );
  });

  it("the search would find them: the state decrypted, and the variables of a job", async () => {
    const { stdout } = await stack.pulumi("stack", "export", "--show-secrets");
    assert.ok(findSecrets(stdout).includes("the second password"));
    assert.deepEqual(findSecrets(Buffer.from(secrets["the passphrase"]!).toString("base64")), [
      "the passphrase",
    ]);
  });

  it("destroyed: nor then", async () => {
    await pulumi("destroy", "--yes", "--skip-preview");
    assert.deepEqual(findSecrets(printed), []);
    const texts = await Promise.all(
      (await readdir(path.join(stack.folder, "state"), { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => readFile(path.join(entry.parentPath, entry.name), "latin1")),
    );
    assert.deepEqual(texts.flatMap(findSecrets), []);
  });

  it("Pulumi's own logs for debugging hold the password and an access token, and nothing else: SECURITY.md says so", async () => {
    const { exitCode, stdout, stderr } = await stack.session.pulumi(
      ["up", "--yes", "--skip-preview", "--debug", "-v=9", "--logtostderr", "--logflow"],
      { TMPDIR: tmp() },
    );
    assert.equal(exitCode, 0, stderr.slice(-2_000));
    await readPassword("the third password");
    const found = new Set([stdout, stderr].flatMap(findSecrets));
    assert.deepEqual([...found].sort(), ["an access token", "the third password"]);
    const page = await readFile(path.join(REPOSITORY, "SECURITY.md"), "utf8");
    assert.match(page, /`pulumi up --debug` and `pulumi up -v=9` print/);
  });
});
