import { type MuteRequest, type PeerDetail, PeerPage, type RemoveRequest } from "@fairlead/protocol";
import type * as z from "zod";
import { itemsOf, pagesOf } from "./pages.ts";
import { Nothing, type SendRequest } from "./send-request.ts";
import { pathOf } from "./url-path.ts";

export type PeerQuery = { cursor?: string };

/** Scope `rooms`. */
export type Peers = {
  /** Page by page as they are read. @throws {FairleadError} `room_not_found`, also when nobody is in it. */
  list(room: string, query?: PeerQuery): AsyncGenerator<PeerDetail, void, undefined>;
  pages(room: string, query?: PeerQuery): AsyncGenerator<PeerPage, void, undefined>;
  /** Mutes a source of a peer, or unmutes it. Holds for the identity, also after it comes back. */
  mute(room: string, peer: string, request: z.input<typeof MuteRequest>): Promise<void>;
  /** By default neither its identity nor its ticket gets in again, until `bans.lift`. */
  remove(room: string, peer: string, request?: z.input<typeof RemoveRequest>): Promise<void>;
};

export function peersOf(send: SendRequest): Peers {
  const page = (room: string, query: PeerQuery) =>
    send(PeerPage, { method: "GET", path: pathOf`/v1/rooms/${room}/peers`, query });
  const pages = (room: string, given: PeerQuery = {}) =>
    pagesOf((query: PeerQuery) => page(room, query), given);
  return {
    pages,
    list: (room, query) => itemsOf(pages(room, query), ({ peers }) => peers),
    mute: async (room, peer, body) =>
      send(Nothing, { method: "POST", path: pathOf`/v1/rooms/${room}/peers/${peer}/mute`, body }),
    remove: async (room, peer, body) =>
      send(Nothing, { method: "DELETE", path: pathOf`/v1/rooms/${room}/peers/${peer}`, body }),
  };
}
