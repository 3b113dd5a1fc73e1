import { DrainAnswer, NodePage, NodeStatus } from "@fairlead/protocol";
import { itemsOf, pagesOf } from "./pages.ts";
import type { SendRequest } from "./send-request.ts";
import { pathOf } from "./url-path.ts";

/** `limit`: of a page, at most 50. */
export type NodeQuery = { limit?: number; cursor?: string };

export type DrainOptions = { by?: string };

/** Scope `admin`. */
export type Nodes = {
  /** The living ones with each core's load and debits, in order of node id, page by page as they are read. */
  list(query?: NodeQuery): AsyncGenerator<NodeStatus, void, undefined>;
  pages(query?: NodeQuery): AsyncGenerator<NodePage, void, undefined>;
  /** @throws {FairleadError} `node_not_found`. */
  read(node: string): Promise<NodeStatus>;
  /**
   * It takes no new rooms and hands over those that it has.
   * @param options.by The program's own name: `undrain` with it ends no drain of anybody else.
   * @throws {FairleadError} `node_not_found`.
   */
  drain(node: string, options?: DrainOptions): Promise<DrainAnswer>;
  /** It takes rooms again. @throws {FairleadError} `node_not_found`. */
  undrain(node: string, options?: DrainOptions): Promise<DrainAnswer>;
};

export function nodesOf(send: SendRequest): Nodes {
  const page = (query: NodeQuery) => send(NodePage, { method: "GET", path: pathOf`/v1/nodes`, query });
  const pages = (query: NodeQuery = {}) => pagesOf(page, query);
  return {
    pages,
    list: (query) => itemsOf(pages(query), ({ nodes }) => nodes),
    read: async (node) => send(NodeStatus, { method: "GET", path: pathOf`/v1/nodes/${node}` }),
    drain: async (node, { by } = {}) =>
      send(DrainAnswer, { method: "POST", path: pathOf`/v1/nodes/${node}/drain`, query: { by } }),
    undrain: async (node, { by } = {}) =>
      send(DrainAnswer, { method: "DELETE", path: pathOf`/v1/nodes/${node}/drain`, query: { by } }),
  };
}
