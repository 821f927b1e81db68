import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { StackDetails } from "../../stack/contract";
import { DETAILS, VALUES } from "./outputs";

/** Many stacks in a file backend, without a program that made them: their files are written as the engine writes them. */
export class Fleet {
  private constructor(
    readonly folder: string,
    readonly project: string,
  ) {}

  /** @param padding further characters in the outputs of each stack. */
  static async create(stacks: Readonly<Record<string, StackDetails>>, padding = 0): Promise<Fleet> {
    const folder = await mkdtemp(path.join(await realpath(tmpdir()), "himl-fleet-"));
    const fleet = new Fleet(folder, path.join(folder, "project"));
    await mkdir(fleet.project);
    await mkdir(path.dirname(fleet.stateOf("any")), { recursive: true });
    await writeFile(path.join(folder, "state", ".pulumi", "meta.yaml"), "version: 1\n");
    await writeFile(path.join(fleet.project, "Pulumi.yaml"), "name: fleet\nruntime: nodejs\n");
    for (const [name, details] of Object.entries(stacks))
      await writeFile(fleet.stateOf(name), JSON.stringify(stateOf(name, details, padding)));
    return fleet;
  }

  stateOf(stack: string): string {
    return path.join(this.folder, "state", ".pulumi", "stacks", "fleet", `${stack}.json`);
  }

  get env(): Record<string, string> {
    return {
      HOME: this.folder,
      PULUMI_HOME: path.join(this.folder, "home"),
      PULUMI_BACKEND_URL: pathToFileURL(path.join(this.folder, "state")).href,
    };
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** `n` stacks, each of whose passwords ends a day later than that of the one before. */
export function stacksEndingFrom(first: Date, n: number): Record<string, StackDetails> {
  return Object.fromEntries(
    Array.from({ length: n }, (_, index) => {
      const ends = new Date(first.getTime() + index * 86_400_000).toISOString();
      const secrets = [{ ...DETAILS.secrets[0]!, ends }];
      return [`team-${String(index).padStart(3, "0")}`, { ...DETAILS, secrets, nextRenewal: ends }];
    }),
  );
}

function stateOf(stack: string, details: StackDetails, padding: number) {
  // The command asks for no password, and the engine would want it encrypted.
  const values = { ...VALUES, HIML_SERVICE_PRINCIPAL_PASSWORD: undefined };
  const time = "2026-11-20T10:00:00Z";
  return {
    version: 3,
    checkpoint: {
      stack: `organization/fleet/${stack}`,
      latest: {
        manifest: { time, magic: "", version: "" },
        resources: [
          {
            urn: `urn:pulumi:${stack}::fleet::pulumi:pulumi:Stack::fleet-${stack}`,
            custom: false,
            type: "pulumi:pulumi:Stack",
            outputs: { ...values, details, padding: "x".repeat(padding) },
          },
        ],
      },
    },
  };
}
