/**
 * Writes the schema from which Pulumi generates the component's SDKs for other languages. The source is the component's
 * own types, so a new argument with its comment becomes a property in every language.
 *
 *     npm run write:schema             writes the schema
 *     npm run write:schema -- --check  fails if it is out of date
 */
import { formatAs, writeGenerated } from "./generated-files";
import { createSchema } from "./plugin-schema/package-schema";

async function main(): Promise<void> {
  const file = "plugin/schema.json";
  writeGenerated("write:schema", file, await formatAs(file, JSON.stringify(createSchema())));
}

void main();
