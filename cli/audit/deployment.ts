/** The parts of a resource in the state that are read here. */
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  parent?: string;
  external?: boolean;
  /** It was replaced, and the next run deletes it. */
  delete?: boolean;
  /** The next run replaces it. */
  taint?: boolean;
  created?: string;
  modified?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** The parts of `pulumi stack export`, and of a checkpoint of a file backend, that are read here. */
export interface Deployment {
  resources?: StateResource[];
  pending_operations?: { resource: StateResource; type: string }[];
}

export const COMPONENT = "himl-service-principal:index:HimlServicePrincipal";
export const TYPES = {
  instance: "random:index/randomUuid:RandomUuid",
  application: "azuread:index/application:Application",
  principal: "azuread:index/servicePrincipal:ServicePrincipal",
  secret: "azuread:index/applicationPassword:ApplicationPassword",
  trust: "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential",
  flexibleTrust:
    "azuread:index/applicationFlexibleFederatedIdentityCredential:ApplicationFlexibleFederatedIdentityCredential",
  role: "azure-native:authorization:RoleAssignment",
  vaultSecret: "azure-native:keyvault:Secret",
} as const;

/** Settings of both providers that contain a login, or select one. */
export const LOGIN_SETTINGS = [
  "clientId",
  "clientCertificate",
  "clientCertificatePath",
  "clientSecret",
  "oidcToken",
  "oidcRequestUrl",
  "useOidc",
  "useMsi",
] as const;
