/**
 * Compares the preview of a YAML program with that of the same program in TypeScript, in turn. The engine starts the
 * plugin at each preview of a YAML program, so its start is included. Compare the ratio.
 *
 *     npx ts-node -T bench/yaml.ts [--runs 5]
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { startLocalAzure } from "../local-azure/local-azure";
import { obtainEngine } from "../rehearsal/engine/engine";
import { Session } from "../rehearsal/engine/session";
import { startPlugin } from "../test/plugin/plugin-process";
import { obtainLanguageTool } from "../test/support/language-tools";
import { median } from "./median";

const ROOT = path.resolve(__dirname, "..");

const PROGRAM = `import { createStackOutputs, HimlServicePrincipal } from "himl-service-principal";

export = createStackOutputs(
  new HimlServicePrincipal("himl", { resourceGroupName: "rg-ml", workspaceName: "ws-ml" }),
);
`;

async function measure(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action();
  return performance.now() - began;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: "string", default: "5" } } });
  const engine = await obtainEngine({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  const azure = await startLocalAzure({ resourceGroup: "rg-ml", workspaceName: "ws-ml" });
  const yaml = mkdtempSync(path.join(tmpdir(), "himl-sp-bench-"));
  // In the project, so that it finds the package by its name.
  const typescript = mkdtempSync(path.join(ROOT, "examples", ".bench-"));
  const plugin = await startPlugin(undefined, yaml);
  try {
    cpSync(path.join(ROOT, "examples", "yaml"), yaml, { recursive: true });
    writeFileSync(path.join(typescript, "Pulumi.yaml"), "name: himl-bench\nruntime: nodejs\n");
    writeFileSync(path.join(typescript, "index.ts"), PROGRAM);
    cpSync(path.join(ROOT, "tsconfig.json"), path.join(typescript, "tsconfig.json"));
    const languages = [path.dirname(await obtainLanguageTool("pulumi-language-yaml"))];
    const open = (project: string, attached?: object) =>
      Session.open({ engine, project, environment: azure.direct, ...(attached && { attached }) });
    const sessions = {
      yaml: await open(yaml, { folders: languages, providers: [plugin.attached] }),
      typescript: await open(typescript),
    };
    const previewYaml = async () => {
      await (await startPlugin(undefined, yaml)).close();
      await sessions.yaml.preview();
    };
    await sessions.typescript.preview();
    await previewYaml();
    const rounds: { yaml: number; typescript: number }[] = [];
    for (let i = 0; i < Number(values.runs); i++)
      rounds.push({
        typescript: await measure(() => sessions.typescript.preview()),
        yaml: await measure(previewYaml),
      });
    await Promise.all(Object.values(sessions).map((session) => session.close()));
    const ratio = median(rounds.map((round) => round.yaml / round.typescript));
    process.stdout.write(
      `preview of the YAML program: ${median(rounds.map((round) => round.yaml)).toFixed(0)} ms, of the TypeScript program: ` +
        `${median(rounds.map((round) => round.typescript)).toFixed(0)} ms; ratio ${ratio.toFixed(2)}\n`,
    );
  } finally {
    await plugin.close();
    await azure.close();
    for (const folder of [yaml, typescript]) rmSync(folder, { recursive: true, force: true });
  }
}

void main();
