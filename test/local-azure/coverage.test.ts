import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathsOf, SERVICES } from "../../local-azure/services";
import { useRig } from "./rig";

describe("local Azure: COVERAGE.md", () => {
  const rig = useRig();

  it("lists only routes that are answered: none of them is a 501", async () => {
    for (const route of Object.values(SERVICES).flatMap(({ routes }) => routes))
      for (const path of pathsOf(route)) {
        const { status } = await rig.call(route.method, path.replaceAll(/:\w+/g, "x"));
        assert.ok(status < 500, `${route.method} ${path} answered ${status}`);
      }
  });

  it("marks as uncertain what tests mark as uncertain: there are tests with [?] in their names", () => {
    const texts = readdirSync(__dirname)
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(join(__dirname, file), "utf8"));
    const marked = texts.join("\n").match(/it\((?:`|")[^\n]*\[\?\]/g) ?? [];
    const uncertain = Object.values(SERVICES).flatMap((service) => [
      ...(service.uncertain ?? []),
      ...service.routes.flatMap((route) => route.uncertain ?? []),
    ]);
    assert.ok(marked.length >= uncertain.length, `${marked.length} tests for ${uncertain.length} entries`);
  });
});
