import type { Trust } from "../github-subjects";

/** Where jobs run. */
export type PlaceName = "github" | "azure-devops" | "other";

/** Where the jobs run, as far as the project, its settings and its pipeline need to know. */
export type Place =
  | {
      name: "github";
      host: string;
      /** OWNER/NAME. */
      repository: string;
      /** The environment that the jobs name, if they do. */
      environment?: string;
      branch?: string;
    }
  | {
      name: "azure-devops";
      organization: string;
      project: string;
      serviceConnection?: string;
    }
  | { name: "other" };

/** The trust that lets the jobs log in without a password. */
export interface TrustChoice {
  trust: Trust | { azureDevOps: { issuer: string; subject: string } };
  issuer: string;
  subject: string;
  /** Whether it lets in more than one repository: then the stack has to say that this is meant. */
  isBroad?: boolean;
  /** Where it is from, what else it lets in, and what may be otherwise. */
  notes: string[];
}
