/**
 * Writes the schema from which Pulumi makes the component's SDKs for other languages, out of the types that the
 * component itself is written with: a new argument with its comment is a new property in every language.
 *
 *     npm run write:schema             writes it
 *     npm run write:schema -- --check  fails where it is stale
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import * as prettier from "prettier";
import { createSchema } from "./plugin-schema/package-schema";

const SCHEMA = path.resolve(__dirname, "../plugin/schema.json");

async function main(): Promise<void> {
  const options = { ...(await prettier.resolveConfig(SCHEMA)), filepath: SCHEMA };
  const after = await prettier.format(JSON.stringify(createSchema()), options);
  if (!process.argv.includes("--check")) writeFileSync(SCHEMA, after);
  else if (readFileSync(SCHEMA, "utf8") !== after) {
    process.stderr.write(
      "plugin/schema.json: it must follow the component's arguments. `npm run write:schema` writes it anew.\n",
    );
    process.exitCode = 1;
  }
}

void main();
