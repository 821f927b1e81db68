import type { Language } from "./project/answers";
import type { PlaceName } from "./places/place";

/** The options of `himl-sp init`: each question's answer, given before it is asked. */
export interface InitOptions {
  /** @default the current folder */
  cwd?: string;
  /** @default "dev" */
  stack?: string;
  language?: Language;
  /** Name, GROUP/NAME or resource ID. */
  workspace?: string;
  pipeline?: PlaceName;
  /** GitHub: OWNER/NAME. */
  repo?: string;
  /** GitHub: the host. @default "github.com" */
  hostname?: string;
  environment?: string;
  branch?: string;
  /** GitHub: the keys of the organisation's template, where the login may not read it. */
  claimKeys?: string[];
  /** GitHub: values that only a run knows, by their keys. */
  claim?: Record<string, string>;
  /** Azure DevOps: https://dev.azure.com/NAME. */
  organization?: string;
  project?: string;
  serviceConnection?: string;
  /** Anywhere: as the page of a draft of a service connection shows them. */
  issuer?: string;
  subject?: string;
  password?: boolean;
  /** False: no role is assigned; an administrator does it. */
  role?: boolean;
  yes?: boolean;
  /** Files that exist and differ are replaced without a question. */
  overwrite?: boolean;
  up?: boolean;
}
