import type { Call, Reply } from "../../call";
import type { Cloud } from "../../cloud";
import type { View } from "../../store/table";
import { readJson, readObjectLink } from "../body";
import type { GraphCaller } from "../caller";
import { refuse } from "../errors";
import { OBJECTS, replyWithList } from "../odata";
import { findReadable, viewsOf } from "./reading";

type GraphCall = Call<GraphCaller>;
type Linked = {
  readonly id: string;
  readonly owners: readonly string[];
  readonly members?: readonly string[];
};

/** Handlers of the `owners` of applications, principals and groups, and of the `members` of groups. */
export function linkHandlers(
  kind: "application" | "principal" | "group",
  list: "owners" | "members" = "owners",
) {
  const find = (cloud: Cloud, call: GraphCall): Linked => cloud.world.directory[kind](call.params.id!);
  const put = (cloud: Cloud, call: GraphCall, links: readonly string[]): Reply => {
    const { directory, store } = cloud.world;
    const record = directory[kind](call.params.id!);
    const changed = { ...record, [list]: links };
    (store.tables[`${kind}s`] as { put(key: string, row: unknown, at: Date): void }).put(
      record.id,
      changed,
      call.now,
    );
    return { status: 204 };
  };
  return {
    list(this: void, cloud: Cloud, call: GraphCall): Reply {
      const { view, views } = viewsOf(cloud, call);
      const linked = findReadable(view[`${kind}s`] as View<Linked>, call.params.id!);
      return replyWithList(call, "directoryObjects", views.objects(linked[list] ?? []), OBJECTS);
    },
    add(this: void, cloud: Cloud, call: GraphCall): Reply {
      const links = find(cloud, call)[list] ?? [];
      const id = readObjectLink(readJson(call)["@odata.id"], "@odata.id");
      const { principals, users, groups } = cloud.world.store.tables;
      const isThere = [principals, users, ...(list === "members" ? [groups] : [])].some(
        (table) => table.get(id) !== undefined,
      );
      if (!isThere) throw refuse("objectNotFound", { id });
      if (links.includes(id)) throw refuse("linkExists", { list });
      return put(cloud, call, [...links, id]);
    },
    /** The last owner of an application can be removed too: azuread removes the creator. Not that of a group. */
    remove(this: void, cloud: Cloud, call: GraphCall): Reply {
      const links = find(cloud, call)[list] ?? [];
      const id = call.params.member!.toLowerCase();
      if (!links.includes(id)) throw refuse("objectNotFound", { id });
      if (kind === "group" && list === "owners" && links.length === 1) throw refuse("lastOwner");
      return put(
        cloud,
        call,
        links.filter((link) => link !== id),
      );
    },
  };
}
