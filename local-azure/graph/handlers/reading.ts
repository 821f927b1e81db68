import type { Call, JsonObject, Reply } from "../../call";
import type { Cloud } from "../../cloud";
import type { StoreView } from "../../store/store";
import type { View } from "../../store/table";
import { refuse } from "../errors";
import { GraphViews } from "../views";

/** What this request may read, and how it is shown. */
export function viewsOf(
  cloud: Cloud,
  call: Call,
  view: StoreView = cloud.world.store.readable(call.now),
): { view: StoreView; views: GraphViews } {
  return { view, views: new GraphViews(view, cloud.world.directory) };
}

/** Answers a new object with its context, and with its location where Graph sends one: `kind` is its type there. */
export function replyWithNew(
  cloud: Cloud,
  call: Call,
  entity: string,
  shown: JsonObject,
  kind?: string,
): Reply {
  const version = call.path.split("/")[1];
  const place = `${call.base}/v2/${cloud.world.directory.tenantId}`;
  const id = String(shown.id);
  const location =
    kind === "federatedIdentityCredentials"
      ? `${place}/${kind}/${id}`
      : `${place}/directoryObjects/${id}/Microsoft.DirectoryServices.${kind}`;
  return {
    status: 201,
    ...(kind === undefined ? {} : { headers: { Location: location } }),
    body: { "@odata.context": `${call.base}/${version}/$metadata#${entity}/$entity`, ...shown },
  };
}

export function findReadable<Row>(table: View<Row>, id: string): Row {
  const row = table.get(id);
  if (row === undefined) throw refuse("objectNotFound", { id });
  return row;
}

export function isBeta(call: Call): boolean {
  return /^\/beta\//i.test(call.path);
}
