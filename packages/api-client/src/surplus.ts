import { ReclaimAnswer, type ReclaimRequest, type Surplus, SurplusListing } from "@fairlead/protocol";
import type * as z from "zod";
import { itemsOf, pagesOf } from "./pages.ts";
import type { SendRequest } from "./send-request.ts";
import { pathOf } from "./url-path.ts";

/** `node`: only of this one. */
export type SurplusQuery = { node?: string; cursor?: string };

/** Scope `admin`. */
export type SurplusApi = {
  /** Media resources without an owner, page by page as they are read. Only `pages` names the nodes that did not answer. */
  list(query?: SurplusQuery): AsyncGenerator<Surplus, void, undefined>;
  pages(query?: SurplusQuery): AsyncGenerator<SurplusListing, void, undefined>;
  /** Frees all surplus, or the named part of it. Safe to call twice. */
  reclaim(request?: z.input<typeof ReclaimRequest>): Promise<ReclaimAnswer>;
};

export function surplusOf(send: SendRequest): SurplusApi {
  const page = (query: SurplusQuery) =>
    send(SurplusListing, { method: "GET", path: pathOf`/v1/surplus`, query });
  const pages = (query: SurplusQuery = {}) => pagesOf(page, query);
  return {
    pages,
    list: (query) => itemsOf(pages(query), ({ surplus }) => surplus),
    reclaim: (body) => send(ReclaimAnswer, { method: "POST", path: pathOf`/v1/surplus/reclaim`, body }),
  };
}
