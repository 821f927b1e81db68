import type { Api, Call, Reply } from "./call";
import type { Cloud } from "./cloud";
import type { Refusal } from "./refusal";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What is declared about a route; the source of COVERAGE.md too. */
export interface RouteDeclaration<Caller, Permission> {
  readonly does: string;
  /** What about this route's answers is not established. */
  readonly uncertain?: string;
  /** Who may call it; each service says what its permissions mean. */
  readonly permission: Permission;
  readonly handle: (cloud: Cloud, call: Call<Caller>) => Reply | Promise<Reply>;
}

/** One row of the route table. */
export interface Route<Caller = never, Permission = never> extends RouteDeclaration<Caller, Permission> {
  readonly api: Api;
  readonly method: Method;
  /** A path with `:name` for a variable part; `{scope}` stands for any scope of Azure Resource Manager. */
  readonly path: string;
}

/** One interface: its routes, who calls, who may, and how it refuses. */
export interface Service<Caller, Permission> {
  readonly routes: readonly Route<Caller, Permission>[];
  /** What is not established about answers that do not belong to one route, such as refused tokens. */
  readonly uncertain?: readonly string[];
  /** Who calls, by the token; refuses a token that is not good. */
  readonly authenticate: (cloud: Cloud, call: Call<undefined>) => Caller | Promise<Caller>;
  /** Refuses what may not reach the handler: API version, malformed IDs, missing rights. */
  readonly admit: (cloud: Cloud, call: Call<Caller>, route: Route<Caller, Permission>) => void;
  readonly renderError: (cloud: Cloud, refusal: Refusal, call: Call) => Reply;
  /** Headers of every answer. */
  readonly headers: (call: Call, reply: Reply) => Readonly<Record<string, string>>;
}

/** What a route does, its handler, and what is not established about its answers. */
export type Row<Caller> = readonly [
  does: string,
  handle: RouteDeclaration<Caller, never>["handle"],
  uncertain?: string,
];

/** Declares the routes of a service that need the same right. */
export function routesFor<Caller, Permission>(
  api: Api,
  permission: Permission,
  table: Readonly<Record<`${Method} /${string}` | `${Method} {scope}${string}`, Row<Caller>>>,
): readonly Route<Caller, Permission>[] {
  return Object.entries(table).map(([key, [does, handle, uncertain]]) => {
    const [method, path] = key.split(" ") as [Method, string];
    return { api, method, path, does, permission, handle, ...(uncertain === undefined ? {} : { uncertain }) };
  });
}
