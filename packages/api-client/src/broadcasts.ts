import {
  Broadcast,
  BroadcastPage,
  type BroadcastState,
  BroadcastWithKey,
  type ChangeBroadcast,
  type CreateBroadcast,
  type RotateKey,
} from "@fairlead/protocol";
import type * as z from "zod";
import { itemsOf, pagesOf } from "./pages.ts";
import { Nothing, type SendRequest } from "./send-request.ts";
import { pathOf } from "./url-path.ts";

/** `state`: only those that are in it. `limit`: of a page, at most 100. */
export type BroadcastQuery = { state?: BroadcastState; limit?: number; cursor?: string };
export type ListedBroadcast = BroadcastPage["broadcasts"][number];

/** Scope `broadcasts`. Every method but `create` and those that list may throw {FairleadError} `broadcast_not_found`. */
export type Broadcasts = {
  /** In order of id, page by page as they are read; without viewers, which `read` counts. */
  list(query?: BroadcastQuery): AsyncGenerator<ListedBroadcast, void, undefined>;
  pages(query?: BroadcastQuery): AsyncGenerator<BroadcastPage, void, undefined>;
  /** @returns It with its stream key, which nobody can read later. @throws {FairleadError} `broadcast_exists`. */
  create(request?: z.input<typeof CreateBroadcast>): Promise<BroadcastWithKey>;
  read(broadcast: string): Promise<Broadcast>;
  /** What is left out stays. @throws {FairleadError} `broadcast_ended`, `broadcast_conflict`. */
  change(broadcast: string, changes: ChangeBroadcast): Promise<Broadcast>;
  /** For good. Its publisher and viewers are told `broadcast_ended`. */
  end(broadcast: string): Promise<Broadcast>;
  /** Ends it, and removes its record. */
  delete(broadcast: string): Promise<void>;
  /**
   * Makes a new stream key. The one before goes on being valid until the next rotation, unless `keepOldKey` is false.
   * @throws {FairleadError} `broadcast_ended`, `broadcast_conflict`.
   */
  rotateKey(broadcast: string, request?: z.input<typeof RotateKey>): Promise<BroadcastWithKey>;
};

export function broadcastsOf(send: SendRequest): Broadcasts {
  const all = pathOf`/v1/broadcasts`;
  const page = (query: BroadcastQuery) => send(BroadcastPage, { method: "GET", path: all, query });
  const pages = (query: BroadcastQuery = {}) => pagesOf(page, query);
  const path = (broadcast: string) => pathOf`/v1/broadcasts/${broadcast}`;
  return {
    pages,
    list: (query) => itemsOf(pages(query), ({ broadcasts }) => broadcasts),
    create: async (body = {}) => send(BroadcastWithKey, { method: "POST", path: all, body }),
    read: async (broadcast) => send(Broadcast, { method: "GET", path: path(broadcast) }),
    change: async (broadcast, body) => send(Broadcast, { method: "PATCH", path: path(broadcast), body }),
    end: async (broadcast) =>
      send(Broadcast, { method: "POST", path: pathOf`/v1/broadcasts/${broadcast}/end` }),
    delete: async (broadcast) => send(Nothing, { method: "DELETE", path: path(broadcast) }),
    rotateKey: async (broadcast, body = {}) =>
      send(BroadcastWithKey, { method: "POST", path: pathOf`/v1/broadcasts/${broadcast}/key`, body }),
  };
}
