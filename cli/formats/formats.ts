import { azurePipelines } from "./azure-pipelines";
import { bash } from "./bash";
import { dockerEnvFile } from "./docker-env-file";
import { dotenv } from "./dotenv";
import type { Format } from "./format";
import { hiMlConfig, json } from "./json";
import { powershell } from "./powershell";

/** The formats whose text goes to stdout. */
export const FORMATS = {
  dotenv,
  bash,
  powershell,
  json,
  "docker-env-file": dockerEnvFile,
  "azure-pipelines": azurePipelines,
  "hi-ml-config": hiMlConfig,
} satisfies Record<string, Format>;

/** The format that goes to a file which the runner names. */
export const GITHUB_ACTIONS = "github-actions";

export const FORMAT_NAMES = [
  "dotenv",
  "bash",
  "powershell",
  "json",
  "docker-env-file",
  GITHUB_ACTIONS,
  "azure-pipelines",
  "hi-ml-config",
] as const satisfies readonly (keyof typeof FORMATS | typeof GITHUB_ACTIONS)[];

export type FormatName = (typeof FORMAT_NAMES)[number];
