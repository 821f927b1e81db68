import { randomBytes } from "node:crypto";
import type { AzureAnswer, AzureConnection } from "../azure-connection";
import { isObject, type Properties } from "../property-values";
import { ProviderError } from "../provider-error";
import type { ResourceType } from "../resource-type";
import { callKeyVault, callResourceManager, requireFree, subscriptionOf } from "./resource-manager";

/** That of azure-native 3.28 for everything of Key Vault. */
export const KEY_VAULT_API_VERSION = "2024-11-01";

// The real provider's own mark on inputs: it chose the name at random, so two of them can be there side by side.
const CREATE_BEFORE_DELETE = "__createBeforeDelete";
// As the SDKs and as the API call them.
const ATTRIBUTES = { enabled: "enabled", expires: "exp", notBefore: "nbf" };

/**
 * `azure-native.keyvault.Secret`: written by Resource Manager, deleted by the vault itself, with the vault's own rights
 * and firewall (pulumi-azure-native provider/pkg/resources/customresources/custom_keyvault.go).
 */
export const keyVaultSecret: ResourceType<AzureConnection> = {
  token: "azure-native:keyvault:Secret",
  comparedWith: "inputs",
  inputs: {
    azureApiVersion: {},
    properties: { required: true },
    resourceGroupName: { required: true, replaces: true },
    secretName: { replaces: true },
    tags: {},
    vaultName: { required: true, replaces: true },
  },
  computedOutputs: ["location", "name", "type"],

  deletesBeforeReplacing: (oldInputs) => oldInputs[CREATE_BEFORE_DELETE] !== true,

  check(news, olds) {
    const inputs: Properties = { ...news, azureApiVersion: KEY_VAULT_API_VERSION };
    if (inputs["secretName"] === undefined) {
      inputs["secretName"] = olds["secretName"] ?? `secret${randomBytes(4).toString("hex")}`;
      inputs[CREATE_BEFORE_DELETE] = olds["secretName"] === undefined || olds[CREATE_BEFORE_DELETE] === true;
    }
    return { inputs, failures: [] };
  },

  async create(connection, inputs) {
    const path = secretPath(connection, inputs);
    await requireFree(connection, path, KEY_VAULT_API_VERSION);
    try {
      return await put(connection, path, inputs);
    } catch (error) {
      const isConflict = error instanceof ProviderError && error.status === 409;
      if (!isConflict || !(await recover(connection, inputs))) throw error;
      return put(connection, path, inputs);
    }
  },

  async read(connection, id) {
    const answer = await callResourceManager(
      connection,
      { method: "GET", path: id, apiVersion: KEY_VAULT_API_VERSION },
      [200, 404],
    );
    return answer.status === 404 ? undefined : stateOf(answer, id);
  },

  // Only what an input can say counts, so that a version which somebody else wrote is no change by itself; and the
  // value is never shown.
  inputsAfterRead(oldInputs, before, now) {
    const properties: Properties = { ...objectOf(oldInputs["properties"]) };
    const attributes: Properties = { ...objectOf(properties["attributes"]) };
    const inputs: Properties = { ...oldInputs };
    follow(inputs, before, now, ["tags"]);
    follow(properties, objectOf(before["properties"]), objectOf(now["properties"]), ["contentType"]);
    follow(
      attributes,
      objectOf(objectOf(before["properties"])["attributes"]),
      objectOf(objectOf(now["properties"])["attributes"]),
      Object.keys(ATTRIBUTES),
    );
    if (Object.keys(attributes).length > 0) properties["attributes"] = attributes;
    return { ...inputs, properties };
  },

  async update(connection, id, inputs) {
    return (await put(connection, id, inputs)).outputs;
  },

  async delete(connection, id) {
    // The inputs are not at hand here; the ID holds the same two names.
    const [, vaultName = "", secretName = ""] = /\/vaults\/([^/]+)\/secrets\/([^/]+)$/i.exec(id) ?? [];
    const call = { method: "DELETE", path: `/secrets/${secretName}` } as const;
    await callKeyVault(connection, vaultName, call, [200, 404]);
  },
};

/**
 * Recovers a secret of the same name that is soft-deleted. False where there is none, or nobody may look: the real
 * provider then tries for half a minute more, in case the deletion has only just begun, before it gives up.
 */
async function recover(connection: AzureConnection, inputs: Properties): Promise<boolean> {
  const vaultName = String(inputs["vaultName"]);
  const path = `/deletedsecrets/${String(inputs["secretName"])}`;
  try {
    await callKeyVault(connection, vaultName, { method: "GET", path }, [200]);
  } catch (error) {
    if (error instanceof ProviderError) return false;
    throw error;
  }
  await callKeyVault(connection, vaultName, { method: "POST", path: `${path}/recover` }, [200]).catch(
    (error: unknown) => {
      if (!(error instanceof ProviderError)) throw error;
      const name = String(inputs["secretName"]);
      const message = `failed to recover soft-deleted secret ${name}: ${error.message}`;
      throw new ProviderError(error.code, message, error.status);
    },
  );
  return true;
}

/** The path of a vault in Resource Manager. */
export function vaultPath(subscriptionId: string, args: Properties): string {
  const [group, vault] = ["resourceGroupName", "vaultName"].map((name) =>
    encodeURIComponent(String(args[name])),
  );
  return `/subscriptions/${subscriptionId}/resourceGroups/${group}/providers/Microsoft.KeyVault/vaults/${vault}`;
}

function secretPath(connection: AzureConnection, inputs: Properties): string {
  const name = encodeURIComponent(String(inputs["secretName"]));
  return `${vaultPath(subscriptionOf(connection), inputs)}/secrets/${name}`;
}

async function put(connection: AzureConnection, path: string, inputs: Properties) {
  const { value, contentType, attributes } = objectOf(inputs["properties"]);
  const sent = objectOf(attributes);
  const renamed = Object.entries(ATTRIBUTES).map(([ours, theirs]) => [theirs, sent[ours]]);
  const properties = {
    value,
    contentType,
    ...(attributes === undefined ? {} : { attributes: Object.fromEntries(renamed) as Properties }),
  };
  const body = { properties, ...(inputs["tags"] === undefined ? {} : { tags: inputs["tags"] }) };
  const call = { method: "PUT", path, apiVersion: KEY_VAULT_API_VERSION, body } as const;
  return stateOf(await callResourceManager(connection, call, [200, 201]), path);
}

function stateOf({ json }: AzureAnswer, path: string) {
  const { id, name, type, location, tags } = json;
  const outputs = {
    name,
    type,
    location,
    tags,
    azureApiVersion: KEY_VAULT_API_VERSION,
    ...secretOutputs(json),
  };
  return { id: typeof id === "string" ? id : path, outputs };
}

/** `properties` as the SDKs see them. */
export function secretOutputs(json: Properties): Properties {
  const properties = objectOf(json["properties"]);
  const { nbf, exp, ...attributes } = objectOf(properties["attributes"]);
  return {
    properties: {
      ...properties,
      attributes: {
        ...attributes,
        ...(nbf === undefined ? {} : { notBefore: nbf }),
        ...(exp === undefined ? {} : { expires: exp }),
      },
    },
  };
}

function objectOf(value: unknown): Properties {
  return isObject(value) ? value : {};
}

function follow(inputs: Properties, before: Properties, now: Properties, names: readonly string[]): void {
  for (const name of names) {
    if (JSON.stringify(before[name]) === JSON.stringify(now[name])) continue;
    if (now[name] === undefined) delete inputs[name];
    else inputs[name] = now[name];
  }
}
