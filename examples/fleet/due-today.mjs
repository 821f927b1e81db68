// Prints the stacks that are due today. The day of the week depends only on the name of the stack: so a hundred stacks are
// spread over the week, and a new one does not move the others.
//
//     pulumi stack ls --json | node examples/fleet/due-today.mjs github|azure [all]
import { createHash } from "node:crypto";
import process from "node:process";
import { text } from "node:stream/consumers";

const [format, which] = process.argv.slice(2);
const today = Math.floor(Date.now() / 86_400_000) % 7;
const dayOf = (name) => createHash("sha256").update(name).digest().readUInt32BE() % 7;

const names = JSON.parse(await text(process.stdin)).map(({ name }) => name);
const due = names.filter((name) => which === "all" || dayOf(name) === today);
// In a matrix of Azure Pipelines, names may contain only letters, digits and _.
const parts = due.map((name, i) => [`${name.replace(/\W/g, "_")}_${i}`, { PULUMI_STACK: name }]);
process.stdout.write(JSON.stringify(format === "azure" ? Object.fromEntries(parts) : due));
