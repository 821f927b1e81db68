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

  reader(service: Service, tenantId: string): AzureService {
    return new AzureService(ORIGINS[service], () => this.token(service, tenantId), this.io.signal);
  }

  async claims(tenantId: string): Promise<Claims> {
    return readClaims(await this.token("graph", tenantId));
  }

  /** One for each service and tenant: the Azure CLI takes a second for each. */
  private token(service: Service, tenantId: string): Promise<string> {
    const key = `${service} ${tenantId}`;
    const known = this.tokens.get(key) ?? tokenOfAzureCli(this.io, ORIGINS[service], { tenant: tenantId });
    this.tokens.set(key, known);
    return known;
  }
}
