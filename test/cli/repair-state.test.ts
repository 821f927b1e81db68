import assert from "node:assert/strict";
import { readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { readLocks } from "../../cli/audit/backend";
import { examineCheckpoint } from "../../cli/audit/checkpoint";
import { describeCheckpoint, isHolderGone } from "../../cli/audit/stack-condition";
import { mend, unlock } from "../../cli/repair/stack-steps";
import { useAuditStage } from "./audit-stage";

/** What Pulumi 3.220 says of a checkpoint that it cannot read, and of one whose attributes it cannot. */
const CUT = "error: failed to load checkpoint: place 1: unexpected end of JSON input\n";
const EOF = "error: failed to load checkpoint: EOF\n";
const MISSING = "error: no stack selected; please use `pulumi stack select` to choose one\n";

describe("himl-sp repair: what a bad moment leaves in a backend of files", function () {
  this.timeout(60_000);
  const stage = useAuditStage();

  const whole = (time: string) =>
    JSON.stringify({
      version: 3,
      checkpoint: { latest: { manifest: { time }, ...stage.deployment } },
    });
  const EARLIER = "2026-11-25T10:00:00Z";
  const LATER = "2026-11-25T10:05:00Z";
  const write = (ending: string, content: string | Uint8Array) =>
    writeFile(`${stage.checkpoint}${ending}`, content);
  /** Pulumi can do nothing the first time it is asked, and everything once the state is mended. */
  const refuse = (stderr: string, isNameKnown: boolean) => {
    const refusal = { exitCode: 255, stderr, times: 1 };
    const naming = isNameKnown ? [] : [{ args: ["stack", "--show-name"], ...refusal }];
    return stage.answer([...naming, { args: ["stack", "export"], ...refusal }]);
  };
  const files = async () => (await readdir(path.dirname(stage.checkpoint))).sort();
  const repaired = async () => {
    const { exitCode, stderr } = await stage.run(["repair", "--yes", "--no-up"]);
    assert.equal(exitCode, 0, stderr);
    return stderr;
  };
  const paths = () => ({
    checkpoint: stage.checkpoint,
    locks: stage.folderOf("locks"),
    history: stage.folderOf("history"),
    backups: stage.folderOf("backups"),
  });
  /** As `repair` does it with what `audit` has found. */
  const mendWhatIsFound = async () => {
    const damaged = await examineCheckpoint(paths());
    assert.ok(damaged);
    const { action } = describeCheckpoint(damaged);
    assert.equal(action?.kind, "mend");
    await mend(action.file, action.backup);
    assert.equal(await examineCheckpoint(paths()), undefined, "nothing is wrong afterwards");
    return damaged.is;
  };
  const readPlain = () => readFile(`${stage.checkpoint}.json`, "utf8");

  const half = (content: string | Uint8Array) => content.slice(0, content.length / 2);
  const CONTENTS: Record<string, (content: string | Uint8Array) => string | Uint8Array> = {
    "cut in half": half,
    empty: () => "",
    "all zero bytes": (content) => Buffer.alloc(content.length),
    whitespace: () => " \n",
  };
  for (const [what, damage] of Object.entries(CONTENTS)) {
    for (const ending of [".json", ".json.gz"]) {
      it(`a checkpoint (${ending}) that is ${what}: the backup takes its place, the cut one stays beside it`, async () => {
        const bytes = ending === ".json" ? whole(EARLIER) : gzipSync(whole(EARLIER));
        await write(ending, damage(bytes));
        await write(`${ending}.bak`, bytes);
        assert.equal(await mendWhatIsFound(), "cut");
        assert.deepEqual(await readFile(`${stage.checkpoint}${ending}`), Buffer.from(bytes));
        assert.deepEqual(await files(), [`dev${ending}`, `dev${ending}.bak`, `dev${ending}.cut`]);
      });
    }
  }

  it("a packed checkpoint is cut, and the newest backup is a plain one: the plain one is what Pulumi reads then", async () => {
    await write(".json.gz", "");
    await write(".json.bak", whole(EARLIER));
    await mendWhatIsFound();
    assert.deepEqual(await files(), ["dev.json", "dev.json.bak", "dev.json.gz.cut"]);
  });

  for (const what of ["history", "backups"] as const) {
    it(`no backup beside the checkpoint that can be read: the newest of ${what} takes its place`, async () => {
      await write(".json", "");
      await write(".json.bak", "{");
      await stage.addSaved(what, 1, whole(EARLIER));
      await stage.addSaved(what, 2, whole(LATER));
      await stage.addSaved(what, 3, "{");
      await mendWhatIsFound();
      assert.equal(await readPlain(), whole(LATER));
    });
  }

  it("a history that is newer than the backup: the last write of a run is in no backup yet", async () => {
    await write(".json", "");
    await write(".json.bak", whole(EARLIER));
    await stage.addSaved("history", 1, whole(LATER));
    await mendWhatIsFound();
    assert.equal(await readPlain(), whole(LATER));
  });

  it("a checkpoint that is whole, and one that never was, are no findings", async () => {
    assert.equal(await examineCheckpoint(paths()), undefined);
    await write(".json", whole(LATER));
    await write(".json.attrs", '{"md5":"x"}');
    assert.equal(await examineCheckpoint(paths()), undefined);
  });

  it("the command: a cut checkpoint is told by audit and mended by repair", async () => {
    await write(".json", half(whole(EARLIER)));
    await write(".json.bak", whole(EARLIER));
    await refuse(CUT, true);
    assert.match(await repaired(), / 1\. Put .*\.bak in the place of the checkpoint .*\n/);
    assert.equal(await readPlain(), whole(EARLIER));
  });

  it("the command: a checkpoint that is missing is found by the backup beside it, which takes its place", async () => {
    await write(".json.bak", whole(EARLIER));
    await refuse(MISSING, false);
    await repaired();
    assert.deepEqual(await files(), ["dev.json", "dev.json.bak"]);
    const asked = (await stage.pulumi.calls("pulumi")).filter(({ args }) => args.includes("--show-name"));
    assert.notEqual(asked[1]!.env["PULUMI_BACKEND_URL"], undefined, "in a backend where all are whole");
  });

  it("the command: attributes that are empty, as a killed engine leaves them, go, and the checkpoint is not touched", async () => {
    await write(".json", whole(LATER));
    await write(".json.bak", whole(EARLIER));
    await write(".json.attrs", "");
    await refuse(EOF, false);
    assert.match(await repaired(), /Remove the incomplete file .*dev\.json\.attrs\n/);
    assert.equal(await readPlain(), whole(LATER));
    assert.deepEqual(await files(), ["dev.json", "dev.json.bak"]);
  });

  it("the command: nothing that can be read anywhere: it says so, and does nothing", async () => {
    await write(".json", "");
    await write(".json.bak", "{");
    await refuse(CUT, true);
    const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^himl-sp: STATE_UNREADABLE: .* is cut, and neither its backup nor the history beside it can be read\./,
    );
    assert.deepEqual(await stage.changes(), []);
    assert.deepEqual(await files(), ["dev.json", "dev.json.bak"]);
  });

  it("the command: where the checkpoint is whole, Pulumi's own message is shown", async () => {
    await write(".json", whole(LATER));
    await refuse("error: something else\n", false);
    const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^himl-sp: PULUMI_FAILED: .*something else/s);
  });

  describe("a lock that was not written to its end", () => {
    const [lock, temporary] = ["one.json", "one.json.18a3f.tmp"];
    const age = async (file: string, seconds: number) => {
      const then = new Date(Date.now() - seconds * 1000);
      await utimes(path.join(stage.folderOf("locks"), file), then, then);
    };
    for (const file of [lock, temporary]) {
      it(`${file}: no run is that slow, so the one that wrote it has ended`, async () => {
        await writeFile(path.join(stage.folderOf("locks"), file), "");
        await writeFile(path.join(stage.folderOf("locks"), `${file}.attrs`), "");
        await age(file, 120);
        const [found, ...more] = await readLocks(paths());
        assert.deepEqual([isHolderGone(found!), more], [true, []]);
        await unlock({ kind: "files", url: "", stack: "", paths: paths() }, found!.file);
        assert.deepEqual(await stage.locks(), []);
      });
    }

    it("written just now: it is left to a person", async () => {
      await writeFile(path.join(stage.folderOf("locks"), lock), "");
      const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
      assert.equal(exitCode, 1);
      assert.match(stderr, /STACK_LOCKED: .*does not say who holds the lock\. .*`pulumi cancel`/s);
      assert.deepEqual(await stage.locks(), [lock]);
      await rm(path.join(stage.folderOf("locks"), lock));
    });
  });
});
