import { ProxyAgent, request } from "undici";
import { type LocalAzure, type LocalAzureOptions, startLocalAzure } from "../local-azure/local-azure";
import { startAzurite } from "./azurite";
import type { SessionOptions } from "./engine/session";

const ACCOUNT = "himlstate";
const VAULT = "kv-himl-state";

/** An Azure as a stack needs it whose state is in Blob Storage, encrypted by a key of Key Vault. */
export interface Production {
  readonly azure: LocalAzure;
  readonly backend: NonNullable<SessionOptions["backend"]>;
  /** Makes a new version of the key; gives it as Pulumi names it. */
  readonly addKeyVersion: () => Promise<string>;
  /** Calls the vault of the key as an administrator. */
  readonly callVault: (method: "POST" | "PATCH" | "DELETE", path: string, body?: object) => Promise<Answer>;
  close(): Promise<void>;
}

type Answer = Readonly<Record<string, unknown>>;

/** Starts Azurite and a local Azure before it, and gives the stack's operator the two roles that our page names. */
export async function openProduction(options: LocalAzureOptions, signal?: AbortSignal): Promise<Production> {
  const azurite = await startAzurite([ACCOUNT], signal);
  try {
    const azure = await startLocalAzure({ ...options, blobStorage: azurite });
    azure.control.createKeyVault({ name: VAULT });
    const group = `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;
    const officer = azure.control.createCaller({ displayName: "officer", role: "Key Vault Administrator" });
    const operator = azure.control.createCaller({ displayName: "operator", role: "Key Vault Crypto User" });
    azure.control.createGroup({
      displayName: "operators",
      role: "Storage Blob Data Contributor",
      scope: group,
      members: [operator.servicePrincipalObjectId],
    });
    const dispatcher = new ProxyAgent({ uri: azure.proxyUrl, requestTls: { ca: azure.caPem } });
    const call = (login: Login, audience: string) => callAs(azure, dispatcher, login, audience);
    const storage = await call(azure.admin, "https://storage.azure.com");
    const vault = await call(officer, "https://vault.azure.net");
    await storage("PUT", `https://${ACCOUNT}.blob.core.windows.net/state?restype=container`);
    const callVault: Production["callVault"] = (method, path, body) =>
      vault(method, `https://${VAULT}.vault.azure.net${path}?api-version=7.4`, body);
    const addKeyVersion = async () => {
      const { key } = await callVault("POST", "/keys/state/create", { kty: "RSA" });
      return String((key as { kid: unknown }).kid).replace("https:", "azurekeyvault:");
    };
    const secretsProvider = await addKeyVersion();
    return {
      azure,
      addKeyVersion,
      callVault,
      backend: {
        url: `azblob://state?storage_account=${ACCOUNT}`,
        keys: {
          secretsProvider,
          // The engine logs in by AZURE_*, at the public hosts: ARM_* is for the providers alone.
          environment: {
            ...azure.public,
            AZURE_AUTHORITY_HOST: "https://login.microsoftonline.com",
            AZURE_TENANT_ID: azure.tenantId,
            AZURE_CLIENT_ID: operator.clientId,
            AZURE_CLIENT_SECRET: operator.clientSecret,
          },
          close: () => undefined,
        },
      },
      close: async () => {
        await dispatcher.close();
        await azurite.close();
      },
    };
  } catch (error) {
    await azurite.close();
    throw error;
  }
}

interface Login {
  readonly clientId: string;
  readonly clientSecret: string;
}

async function callAs(azure: LocalAzure, dispatcher: ProxyAgent, login: Login, audience: string) {
  const { body } = await request(`https://login.microsoftonline.com/${azure.tenantId}/oauth2/v2.0/token`, {
    dispatcher,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: login.clientId,
      client_secret: login.clientSecret,
      scope: `${audience}/.default`,
    }).toString(),
  });
  const { access_token: token } = (await body.json()) as { access_token: string };
  return async (method: "PUT" | "POST" | "PATCH" | "DELETE", url: string, json?: object): Promise<Answer> => {
    const answer = await request(url, {
      dispatcher,
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "x-ms-version": "2021-12-02",
        ...(json && { "content-type": "application/json" }),
      },
      body: json ? JSON.stringify(json) : null,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.statusCode} ${text}`);
    return json || text.startsWith("{") ? (JSON.parse(text) as Answer) : {};
  };
}
