import { AZ, tokenOfAzureCli } from "../../tools/az";
import type { Io } from "../../io";
import { parseJson } from "../../tools/process";
import { runTool } from "../../tools/tool";
import { AzureReader } from "./reader";

/** A subscription that the login of `az` can see. */
export interface Subscription {
  id: string;
  name: string;
  tenantId: string;
  isDefault: boolean;
  state: string;
}

/** What a token tells of its holder. */
export interface Claims {
  oid?: string;
  idtyp?: string;
  /** Permissions of an application. */
  roles?: string[];
  /** Directory roles of a person, by their templates. */
  wids?: string[];
}

type Service = "management" | "graph";

const ORIGINS = {
  management: "https://management.azure.com",
  graph: "https://graph.microsoft.com",
} as const;

/** The user's own login, as the Azure CLI keeps it. */
export class AzureLogin {
  private readonly tokens = new Map<string, Promise<string>>();

  constructor(private readonly io: Io) {}

  async subscriptions(): Promise<Subscription[]> {
    const all = parseJson<Subscription[]>(
      await runTool(this.io, AZ, ["account", "list", "--output", "json"]),
      "az",
    );
    const usable = all.filter(({ state }) => state === "Enabled" || state === "Warned");
    return usable.sort((a, b) => Number(b.isDefault) - Number(a.isDefault));
  }

  async reader(service: Service, tenantId: string): Promise<AzureReader> {
    return new AzureReader(ORIGINS[service], await this.token(service, tenantId), this.io.signal);
  }

  /** What a token of this login says of its holder. Nothing is trusted because of it. */
  async claims(tenantId: string): Promise<Claims> {
    const [, payload = ""] = (await this.token("graph", tenantId)).split(".");
    return parseJson<{ oid?: string }>(
      Buffer.from(payload, "base64url").toString("utf8"),
      "The token endpoint",
    );
  }

  /** One for each service and tenant: the Azure CLI takes a second for each. */
  private token(service: Service, tenantId: string): Promise<string> {
    const key = `${service} ${tenantId}`;
    const known = this.tokens.get(key) ?? tokenOfAzureCli(this.io, ORIGINS[service], { tenant: tenantId });
    this.tokens.set(key, known);
    return known;
  }
}
