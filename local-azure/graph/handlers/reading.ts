import type { Call } from "../../call";
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

export function findReadable<Row>(table: View<Row>, id: string): Row {
  const row = table.get(id);
  if (row === undefined) throw refuse("objectNotFound", { id });
  return row;
}

export function isBeta(call: Call): boolean {
  return /^\/beta\//i.test(call.path);
}
