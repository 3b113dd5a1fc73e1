import { RoomDetail, type RoomOptions, RoomPage, RoomSummary } from "@fairlead/protocol";
import type * as z from "zod";
import { itemsOf, pagesOf } from "./pages.ts";
import { Nothing, type SendRequest } from "./send-request.ts";
import { pathOf } from "./url-path.ts";

/** `node`: only rooms that run there. `limit`: of a page, at most 100. */
export type RoomQuery = { node?: string; limit?: number; cursor?: string };

/** Scope `rooms`. */
export type Rooms = {
  /** In order of room id, page by page as they are read. */
  list(query?: RoomQuery): AsyncGenerator<RoomSummary, void, undefined>;
  pages(query?: RoomQuery): AsyncGenerator<RoomPage, void, undefined>;
  /** @throws {FairleadError} `room_not_found`. */
  read(room: string): Promise<RoomDetail>;
  /** Creates a room with options, or replaces them; an option that is left out becomes the default. */
  write(room: string, options: z.input<typeof RoomOptions>): Promise<RoomSummary>;
  /** Every peer is told `room_closed`. @throws {FairleadError} `room_not_found`. */
  close(room: string): Promise<void>;
};

export function roomsOf(send: SendRequest): Rooms {
  const page = (query: RoomQuery) => send(RoomPage, { method: "GET", path: pathOf`/v1/rooms`, query });
  const pages = (query: RoomQuery = {}) => pagesOf(page, query);
  return {
    pages,
    list: (query) => itemsOf(pages(query), ({ rooms }) => rooms),
    read: async (room) => send(RoomDetail, { method: "GET", path: pathOf`/v1/rooms/${room}` }),
    write: async (room, body) => send(RoomSummary, { method: "PUT", path: pathOf`/v1/rooms/${room}`, body }),
    close: async (room) => send(Nothing, { method: "DELETE", path: pathOf`/v1/rooms/${room}` }),
  };
}
