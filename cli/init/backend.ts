import { existsSync } from "node:fs";
import path from "node:path";
import { command } from "../../components/plan/commands";
import { CliError } from "../errors";
import type { Io } from "../io";
import { parseJson } from "../tools/process";
import { PULUMI, withoutPassphrase } from "../tools/pulumi";
import { askTool } from "../tools/tool";
import type { Right } from "./azure/rights";

/** Where the stack is going to live. */
export interface Backend {
  /** Undefined: Pulumi is not logged in to one, or is not there. */
  url?: string;
  canEncrypt: boolean;
}

/** As Pulumi says it. @throws CliError if the backend has a stack of that name which the folder does not know */
export async function readBackend(io: Io, folder: string, project: string, stack: string): Promise<Backend> {
  const ask = (...args: string[]) =>
    askTool({ ...io, env: withoutPassphrase(io) }, PULUMI, [...args, "--non-interactive"]);
  const settings = path.join(folder, `Pulumi.${stack}.yaml`);
  let login;
  try {
    login = await ask("whoami", "--json", "--verbose");
  } catch (error) {
    if (error instanceof CliError && error.code === "PULUMI_NOT_FOUND") return { canEncrypt: false };
    throw error;
  }
  if (login.exitCode !== 0) return { canEncrypt: false };
  const { url = "" } = parseJson<{ url?: string }>(login.stdout, "pulumi");
  // `doctor` has no project.
  const list = project === "" ? undefined : await ask("stack", "ls", "--project", project, "--json");
  const stacks = list?.exitCode === 0 ? parseJson<{ name: string }[]>(list.stdout, "pulumi") : [];
  if (stacks.some(({ name }) => name.split("/").at(-1) === stack) && !existsSync(settings))
    throw new CliError(
      "STACK_TAKEN",
      `The backend ${url} must have no stack ${stack} of the project ${project}, which this folder does not know. It has one.`,
      `Run it where that stack's files are, or choose another name: --stack NAME. ${command`pulumi stack ls --project ${project}`} lists them.`,
    );
  const { env } = io;
  const hasPassphrase =
    env["PULUMI_CONFIG_PASSPHRASE"] !== undefined || Boolean(env["PULUMI_CONFIG_PASSPHRASE_FILE"]);
  return { url, canEncrypt: hasPassphrase || /^https?:/.test(url) };
}

/** For the screen, and for `doctor`. */
export function describeBackend({ url, canEncrypt }: Backend): Right[] {
  return [
    url === undefined
      ? {
          what: "keep a stack",
          answer: "may not",
          because: "Pulumi is not logged in to a backend, or is not installed",
          remedy: `To begin with, a folder: \`${LOGIN}\`. For a team, Azure Blob Storage with a key of Key Vault: docs/renewing-pipeline.md.`,
        }
      : { what: "keep a stack", answer: "may", because: `Pulumi uses ${url}` },
    canEncrypt
      ? { what: "encrypt the stack's secrets", answer: "may", because: "the key or passphrase is there" }
      : {
          what: "encrypt the stack's secrets",
          answer: "may not",
          because: "PULUMI_CONFIG_PASSPHRASE is not set",
          remedy:
            "Set it to a passphrase that you keep where you keep passwords, or PULUMI_CONFIG_PASSPHRASE_FILE; for a team, a key of Key Vault.",
        },
  ];
}

export const LOGIN = "pulumi login file://~";
