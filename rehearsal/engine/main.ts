import { printableLines } from "../../cli/terminal/printable";
import { obtainEngine } from "./engine";
import { EngineError } from "./engine-error";

/** Obtains the engine once, before tests that run side by side would each build it. Without one they skip, or fail in CI. */
async function main(): Promise<void> {
  try {
    const { version, source } = await obtainEngine({
      onProgress: (line) => process.stderr.write(printableLines(`${line}\n`)),
    });
    process.stdout.write(`Pulumi ${version} (${source})\n`);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    process.stderr.write(printableLines(`${error.message}\n`));
  }
}

void main();
