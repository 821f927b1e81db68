import { AZ, tokenOfAzureCli } from "../../tools/az";
import type { Io } from "../../io";
import { parseJson } from "../../tools/process";
import { runTool } from "../../tools/tool";
import { AzureService, GRAPH, RESOURCE_MANAGER } from "../../azure/service";
import { type Claims, readClaims } from "../../azure/tokens";

/** A subscription that the login of `az` can see. */
export interface Subscription {
  id: string;
  name: string;
  tenantId: string;
  isDefault: boolean;
  state: string;
  /** Whose login sees it: `az` may have several. */
  user?: { name: string };
}

type Service = "management" | "graph";

const ORIGINS = { management: RESOURCE_MANAGER, graph: GRAPH };

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

  /** With the token of the account that sees the subscription, whichever is the active one. */
  reader(service: Service, subscriptionId: string): AzureService {
    return new AzureService(ORIGINS[service], () => this.token(service, subscriptionId), this.io.signal);
  }

  /** What a token of that account says of its holder. */
  async claims(subscriptionId: string): Promise<Claims> {
    return readClaims(await this.token("graph", subscriptionId));
  }

  /** One for each service and subscription: the Azure CLI takes a second for each. */
  private token(service: Service, subscription: string): Promise<string> {
    const key = `${service} ${subscription}`;
    const known = this.tokens.get(key) ?? tokenOfAzureCli(this.io, ORIGINS[service], { subscription });
    this.tokens.set(key, known);
    return known;
  }
}
