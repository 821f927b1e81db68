import type { Problem } from "../components/problems";

/** Where the two providers read which cloud they are to use. */
export const CLOUD_SETTINGS = ["azuread:environment", "azure-native:environment", "ARM_ENVIRONMENT"] as const;

/** The clouds that those places name; one that names none is left out. */
export type Clouds = Partial<Record<(typeof CLOUD_SETTINGS)[number], string>>;

/** Names of the public cloud: those of azuread, of azure-native, and of the `az` command. */
const PUBLIC_CLOUD = ["public", "global", "azurecloud", "azurepublic", "azurepubliccloud"];

/**
 * What keeps hi-ml from reaching the workspace: it logs in at, and calls, the addresses of the public cloud only
 * (https://github.com/microsoft/hi-ml: hi-ml-azure/src/health_azure/auth.py takes no other authority).
 */
export function checkClouds(clouds: Clouds): Problem[] {
  return Object.entries(clouds)
    .filter(([, cloud]) => cloud !== "" && !PUBLIC_CLOUD.includes(cloud.trim().toLowerCase()))
    .map(([where, cloud]) => ({
      what: where,
      must: "be public, or be left out: hi-ml knows no other cloud",
      received: cloud,
      remedy: where.includes(":")
        ? `\`pulumi config rm ${where}\`; a workspace of Azure Government or Azure in China cannot be used with hi-ml.`
        : `\`unset ${where}\`; a workspace of Azure Government or Azure in China cannot be used with hi-ml.`,
    }));
}
