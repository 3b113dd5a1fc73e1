import type { RoomRecord } from "@fairlead/protocol";
import type { Page } from "@fairlead/registry";

/** The registry keeps rooms by id only: so many pages of it are looked through for one page of a node's rooms. */
const PAGES_AT_ONCE = 10;
const REGISTRY_PAGE = 100;

type Query = {
  limit: number;
  cursor?: string;
  /** Only rooms that run on this node. Then a page may have fewer rooms than `limit`, and still a cursor. */
  node?: string;
  /** Only rooms whose ids begin with it. */
  roomPrefix?: string;
};

/** @param list As a registry lists them, in order of room id. */
export async function pageOfRooms(
  list: (page: { limit: number; cursor: string }) => Promise<Page<RoomRecord>>,
  query: Query,
): Promise<Page<RoomRecord>> {
  const { limit, cursor = "", node, roomPrefix = "" } = query;
  const found: RoomRecord[] = [];
  let next: string | undefined = max(cursor, beforeAll(roomPrefix));
  for (let pages = 0; pages < PAGES_AT_ONCE && next !== undefined; pages += 1) {
    const page: Page<RoomRecord> = await list({
      limit: node === undefined ? limit : REGISTRY_PAGE,
      cursor: next,
    });
    const inRange = page.items.filter(({ roomId }) => roomId.startsWith(roomPrefix));
    next = inRange.length < page.items.length ? undefined : page.cursor;
    for (const [index, room] of inRange.entries()) {
      if (node === undefined || room.lease?.nodeId === node) found.push(room);
      const isLast = index === inRange.length - 1 && next === undefined;
      if (found.length === limit) return isLast ? { items: found } : { items: found, cursor: room.roomId };
    }
    if (node === undefined) break;
  }
  return next === undefined ? { items: found } : { items: found, cursor: next };
}

/** @returns A text behind every room id that comes before those that begin with `prefix`, and before all of those. */
function beforeAll(prefix: string): string {
  if (prefix === "") return "";
  const last = prefix.charCodeAt(prefix.length - 1);
  // Room ids have no `~`, and no character that sorts behind it.
  return `${prefix.slice(0, -1)}${String.fromCharCode(last - 1)}~`;
}

function max(left: string, right: string): string {
  return left > right ? left : right;
}
