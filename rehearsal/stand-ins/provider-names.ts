/** The providers that have a stand-in. */
export const PROVIDER_NAMES = ["azuread", "azure-native", "random"] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];
