import type { Cloud } from "../cloud";
import type { Call, Reply } from "../http";
import type { DeletedRecord, JsonObject } from "../store/records";
import { type GraphCaller, requireRead, requireWrite } from "./caller";
import { replyWithList, replyWithObject } from "./odata";
import { formatInstant, viewApplication, viewPrincipal } from "./views";

/** Lists the recycle bin, for one kind of object. */
export function listDeletedItems(kind: DeletedRecord["kind"]) {
  return (cloud: Cloud, call: Call, caller: GraphCaller): Reply => {
    requireRead(caller);
    const items = cloud.world.directory.deletedItems(call.now).filter((item) => item.kind === kind);
    const views = items.map((item) => viewDeleted(cloud, item));
    return replyWithList(call, "directoryObjects", views);
  };
}

export function getDeletedItem(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  requireRead(caller);
  const item = cloud.world.directory.deletedItem(call.params.id!, call.now);
  return replyWithObject(call, "directoryObjects", viewDeleted(cloud, item));
}

/** Brings one object back: an application comes without its principal, which must be restored by itself. */
export function restoreDeletedItem(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  const { directory } = cloud.world;
  const item = directory.deletedItem(call.params.id!, call.now);
  requireWrite(caller, item.record);
  directory.restore(item, call.now);
  const view =
    item.kind === "application"
      ? viewApplication(item.record, directory)
      : viewPrincipal(item.record, directory);
  return replyWithObject(call, "directoryObjects", { "@odata.type": typeOf(item), ...view });
}

export function purgeDeletedItem(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  const { directory } = cloud.world;
  const item = directory.deletedItem(call.params.id!, call.now);
  requireWrite(caller, item.record);
  directory.purge(item.record.id, call.now);
  return { status: 204 };
}

function viewDeleted(cloud: Cloud, item: DeletedRecord): JsonObject {
  const { directory } = cloud.world;
  const view =
    item.kind === "application"
      ? viewApplication(item.record, directory)
      : { ...viewPrincipal(item.record, directory), displayName: item.displayName ?? null };
  return { "@odata.type": typeOf(item), ...view, deletedDateTime: formatInstant(item.deletedAt) };
}

function typeOf(item: DeletedRecord): string {
  return `#microsoft.graph.${item.kind}`;
}
