import assert from "node:assert/strict";
import path from "node:path";
import fc from "fast-check";
import { findExecutable, isAbsolute, type System } from "../../cli/tools/executables";

function system(platform: NodeJS.Platform, cwd: string, files: readonly string[]): System {
  const key = (file: string) => (platform === "win32" ? file.toLowerCase() : file);
  const known = new Set(files.map(key));
  return { platform, cwd, isExecutable: (file) => known.has(key(file)), realPath: (folder) => folder };
}

describe("The search for a program", () => {
  const windows: [title: string, env: Record<string, string>, files: string[], found: string | undefined][] =
    [
      [
        "takes the first folder",
        { PATH: "C:\\a;C:\\b" },
        ["C:\\b\\gh.exe", "C:\\a\\gh.exe"],
        "C:\\a\\gh.exe",
      ],
      [
        "takes the extensions in their order",
        { PATH: "C:\\a" },
        ["C:\\a\\gh.cmd", "C:\\a\\gh.exe"],
        "C:\\a\\gh.exe",
      ],
      [
        "reads PATHEXT",
        { PATH: "C:\\a", PATHEXT: ".CMD;.EXE" },
        ["C:\\a\\gh.cmd", "C:\\a\\gh.exe"],
        "C:\\a\\gh.cmd",
      ],
      ["finds no file without an extension", { PATH: "C:\\a" }, ["C:\\a\\gh"], undefined],
      ["reads Path, as Windows spells it", { Path: "C:\\a" }, ["C:\\a\\gh.exe"], "C:\\a\\gh.exe"],
      ["takes the quotes off an entry", { PATH: '"C:\\a b"' }, ["C:\\a b\\gh.exe"], "C:\\a b\\gh.exe"],
      [
        "takes a share",
        { PATH: "\\\\server\\share" },
        ["\\\\server\\share\\gh.exe"],
        "\\\\server\\share\\gh.exe",
      ],
      ["skips the current folder", { PATH: "C:\\project" }, ["C:\\project\\gh.exe"], undefined],
      [
        "skips the current folder in other letters",
        { PATH: "c:/Project/" },
        ["c:\\project\\gh.exe"],
        undefined,
      ],
      [
        "skips the current folder behind ..",
        { PATH: "C:\\a\\..\\project" },
        ["C:\\project\\gh.exe"],
        undefined,
      ],
      ["skips what depends on the current drive", { PATH: "\\a" }, ["\\a\\gh.exe"], undefined],
      ["skips what depends on the folder of a drive", { PATH: "C:a" }, ["C:a\\gh.exe"], undefined],
      ["finds nothing without PATH", {}, ["C:\\project\\gh.exe", "gh.exe"], undefined],
    ];
  for (const [title, env, files, found] of windows) {
    it(`on Windows, ${title}`, () => {
      const file = findExecutable("gh", env, system("win32", "C:\\project", files));
      assert.equal(file?.toLowerCase(), found?.toLowerCase());
    });
  }

  it("on Windows, looks for a name with an extension as it is", () => {
    const files = ["C:\\a\\gh.exe", "C:\\a\\gh.exe.cmd"];
    assert.equal(
      findExecutable("gh.exe", { PATH: "C:\\a" }, system("win32", "C:\\p", files)),
      "C:\\a\\gh.exe",
    );
  });

  const others: [title: string, PATH: string, files: string[], found: string | undefined][] = [
    ["takes the first folder", "/a:/b", ["/a/gh", "/b/gh"], "/a/gh"],
    ["knows no extensions", "/a", ["/a/gh.exe"], undefined],
    ["skips empty and relative entries", ":.:bin:..:", ["gh", "bin/gh", "/project/gh", "../gh"], undefined],
    ["skips the current folder", "/project:/project/.:/a/../project/", ["/project/gh"], undefined],
    ["takes a folder inside the current one", "/project/bin", ["/project/bin/gh"], "/project/bin/gh"],
  ];
  for (const [title, PATH, files, found] of others) {
    it(`elsewhere, ${title}`, () => {
      assert.equal(findExecutable("gh", { PATH }, system("linux", "/project", files)), found);
    });
  }

  it("resolves links: a folder by another name is still the current one", () => {
    const linked = { ...system("linux", "/project", ["/link/gh"]), realPath: () => "/project" };
    assert.equal(findExecutable("gh", { PATH: "/link" }, linked), undefined);
  });

  it("never gives a relative path, nor one in the current folder, whatever PATH is", () => {
    const part = fc.constantFrom(
      "",
      ".",
      "..",
      "C:",
      "\\",
      "/",
      "project",
      '"',
      "a",
      ":",
      ";",
      "C:\\project",
      "/project",
    );
    const PATH = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(PATH, fc.boolean(), (text, isWindows) => {
        const [platform, cwd, names] = isWindows
          ? (["win32", "C:\\project", path.win32] as const)
          : (["linux", "/project", path.posix] as const);
        const everything = { ...system(platform, cwd, []), isExecutable: () => true };
        const found = findExecutable("gh", { PATH: text }, everything);
        if (found === undefined) return;
        assert.ok(isAbsolute(found, isWindows), found);
        assert.notEqual(names.resolve(names.dirname(found)).toLowerCase(), cwd.toLowerCase());
      }),
      { numRuns: 2_000 },
    );
  });
});
