import type { RoomRecord } from "@fairlead/protocol";
import type { Page, Registry } from "@fairlead/registry";

/** The registry keeps rooms by id only: so many pages of it are looked through for one page of a node's rooms. */
const PAGES_AT_ONCE = 10;
const REGISTRY_PAGE = 100;

type Query = { limit: number; cursor?: string };

/** @param nodeId Only rooms that run on this node. Then a page may have fewer rooms than `limit`, and still a cursor. */
export async function pageOfRooms(
  registry: Registry,
  { limit, cursor }: Query,
  nodeId: string | undefined,
): Promise<Page<RoomRecord>> {
  if (nodeId === undefined) return registry.listRooms({ limit, cursor });
  const found: RoomRecord[] = [];
  let next: string | undefined = cursor;
  for (let pages = 0; pages < PAGES_AT_ONCE; pages += 1) {
    const page: Page<RoomRecord> = await registry.listRooms({ limit: REGISTRY_PAGE, cursor: next });
    for (const [index, room] of page.items.entries()) {
      if (room.lease?.nodeId === nodeId) found.push(room);
      const isLast = index === page.items.length - 1 && page.cursor === undefined;
      if (found.length === limit && !isLast) return { items: found, cursor: room.roomId };
    }
    next = page.cursor;
    if (next === undefined) return { items: found };
  }
  return { items: found, cursor: next };
}
