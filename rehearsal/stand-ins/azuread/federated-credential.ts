import type { AzureConnection } from "../azure-connection";
import { isObject, type Properties } from "../property-values";
import type { InputRule, ResourceType } from "../resource-type";
import { callGraph, fromGraph, parseCredentialId, parseObjectPath, readObject } from "./graph";

const NAMES = { description: "description", displayName: "name", issuer: "issuer" };

/** What the two kinds of trust differ in. */
interface Kind {
  readonly token: string;
  /** Flexible ones are in the beta of Microsoft Graph alone. */
  readonly graphVersion: "v1.0" | "beta";
  readonly inputs: Readonly<Record<string, InputRule>>;
  fromObject(object: Properties): Properties;
  toBody(inputs: Properties): Properties;
}

/** `azuread.ApplicationFederatedIdentityCredential`: the trust in one subject of one issuer. */
export const federatedCredential = createType({
  token: "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential",
  graphVersion: "v1.0",
  inputs: { audiences: { required: true }, subject: { required: true } },
  fromObject: (object) => fromGraph({ audiences: "audiences", subject: "subject" }, object),
  toBody: ({ audiences, subject }) => ({ audiences, subject }),
});

/** `azuread.ApplicationFlexibleFederatedIdentityCredential`: the trust in the tokens that an expression matches. */
export const flexibleFederatedCredential = createType({
  token:
    "azuread:index/applicationFlexibleFederatedIdentityCredential:ApplicationFlexibleFederatedIdentityCredential",
  graphVersion: "beta",
  inputs: { audience: { required: true }, claimsMatchingExpression: { required: true } },
  fromObject: ({ audiences, claimsMatchingExpression: expression }) => ({
    audience: (audiences as unknown[] | undefined)?.[0],
    claimsMatchingExpression: isObject(expression) ? expression["value"] : undefined,
  }),
  toBody: ({ audience, claimsMatchingExpression: value }) => ({
    audiences: [audience],
    claimsMatchingExpression: { value, languageVersion: 1 },
  }),
});

function createType(kind: Kind): ResourceType<AzureConnection> {
  const { token, graphVersion } = kind;
  const fromObject = (object: Properties): Properties => ({
    ...fromGraph(NAMES, object),
    ...kind.fromObject(object),
  });
  const toBody = (inputs: Properties): Properties => ({
    name: inputs["displayName"],
    issuer: inputs["issuer"],
    description: inputs["description"] ?? "",
    ...kind.toBody(inputs),
  });
  return {
    token,
    comparedWith: "state",
    inputs: {
      applicationId: { required: true, replaces: true },
      description: {},
      displayName: { required: true, replaces: true },
      issuer: { required: true },
      ...kind.inputs,
    },
    computedOutputs: ["credentialId"],

    async create(connection, inputs) {
      const applicationId = parseObjectPath("applications", inputs["applicationId"]);
      const action = `Adding federated identity credential for Application (Application: "${applicationId}")`;
      const path = `/applications/${applicationId}/federatedIdentityCredentials`;
      const call = { method: "POST", path, graphVersion, body: toBody(inputs) } as const;
      const { json } = await callGraph(connection, action, call);
      const credentialId = String(json["id"]);
      return {
        id: `${applicationId}/federatedIdentityCredential/${credentialId}`,
        outputs: { ...fromObject(json), credentialId },
      };
    },

    async read(connection, id) {
      const { applicationId, keyId } = parseCredentialId("federatedIdentityCredential", id);
      const action = `Retrieving federated identity credential with ID "${keyId}" for application with object ID "${applicationId}"`;
      const path = `/applications/${applicationId}/federatedIdentityCredentials/${keyId}`;
      const object = await readObject(connection, action, path, graphVersion);
      if (object === undefined) return undefined;
      const outputs = {
        ...fromObject(object),
        applicationId: `/applications/${applicationId}`,
        credentialId: keyId,
      };
      return { id, outputs };
    },

    async update(connection, id, inputs) {
      const { applicationId, keyId } = parseCredentialId("federatedIdentityCredential", id);
      const action = `Updating federated identity credential with ID "${keyId}" for application with object ID "${applicationId}"`;
      const path = `/applications/${applicationId}/federatedIdentityCredentials/${keyId}`;
      await callGraph(connection, action, { method: "PATCH", path, graphVersion, body: toBody(inputs) });
      return { description: inputs["description"] ?? "" };
    },

    async delete(connection, id) {
      const { applicationId, keyId } = parseCredentialId("federatedIdentityCredential", id);
      const path = `/applications/${applicationId}/federatedIdentityCredentials/${keyId}`;
      await callGraph(connection, `Removing ${path}`, { method: "DELETE", path, graphVersion });
    },
  };
}
