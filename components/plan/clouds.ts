import * as pulumi from "@pulumi/pulumi";
import { command } from "./commands";
import type { Problem } from "./problems";

/** Where the two providers read which cloud to use. */
export const CLOUD_SETTINGS = ["azuread:environment", "azure-native:environment", "ARM_ENVIRONMENT"] as const;

/** The clouds that these settings name. A setting without a value is left out. */
export type Clouds = Partial<Record<(typeof CLOUD_SETTINGS)[number], string>>;

const TYPES = {
  "azuread:environment": "azuread:index/application:Application",
  "azure-native:environment": "azure-native:authorization:RoleAssignment",
};

/** The clouds of a component's default providers. A provider that the program creates has its own settings. */
export function readClouds(component: pulumi.Resource): Clouds {
  const clouds: Clouds = {};
  for (const [where, type] of Object.entries(TYPES) as [keyof typeof TYPES, string][]) {
    if (component.getProvider(type)) continue;
    const cloud = new pulumi.Config(where.split(":")[0]).get("environment");
    if (cloud !== undefined) clouds[where] = cloud;
    else if (process.env["ARM_ENVIRONMENT"]) clouds["ARM_ENVIRONMENT"] = process.env["ARM_ENVIRONMENT"];
  }
  return clouds;
}

/**
 * Whether a name is one of the public cloud. Both providers read it as `Azure<name>Cloud`, in any letter case, with neither
 * end required; `AzureCloud` is what the `az` command calls it (hashicorp/go-azure-sdk: sdk/environments).
 */
function isPublicCloud(name: string): boolean {
  const bare = name
    .trim()
    .toLowerCase()
    .replace(/^azure/, "")
    .replace(/cloud$/, "");
  return ["", "public", "global"].includes(bare);
}

/**
 * Problems with the cloud: hi-ml logs in at, and calls, the addresses of the public cloud only
 * (https://github.com/microsoft/hi-ml: hi-ml-azure/src/health_azure/auth.py takes no other authority).
 */
export function checkClouds(clouds: Clouds): Problem[] {
  return Object.entries(clouds)
    .filter(([, cloud]) => !isPublicCloud(cloud))
    .map(([where, cloud]) => ({
      what: where,
      must: "be public, or be left out: hi-ml supports no other cloud",
      received: cloud,
      remedy: where.includes(":")
        ? `${command`pulumi config rm ${where}`}; a workspace of Azure Government or Azure in China cannot be used with hi-ml.`
        : `Remove ${where} from the environment; a workspace of Azure Government or Azure in China cannot be used with hi-ml.`,
    }));
}
