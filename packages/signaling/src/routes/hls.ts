import { BroadcastPath } from "@fairlead/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import * as z from "zod";
import { openView } from "../hls/open-view.ts";
import { bearerOf } from "../http/bearer.ts";
import { callerOf } from "../http/caller.ts";
import { publicUrlOf } from "../http/public-url.ts";
import { errorResponses } from "../openapi/error-responses.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import { OF_VIEWERS, WATCH_ERRORS } from "./sdp-operations.ts";

const TICKET_LIMIT = 16_384;

const watch = createRoute({
  method: "get",
  path: "/v1/broadcasts/{broadcast}/hls",
  operationId: "watchByHls",
  ...OF_VIEWERS,
  summary: "Watch by HLS",
  description:
    "Opens a viewing session, and leads to its playlist: fragmented MP4, in low latency (RFC 8216bis). A private broadcast needs a viewer's ticket, as bearer " +
    "token or, for players that send none, in the query. The playlist's URL is good for the whole show, for whoever has it. Before the start, while " +
    "the publisher is away and where nobody makes HLS of it, the answer is `broadcast_not_live` with `Retry-After`.",
  request: {
    params: BroadcastPath,
    query: z.object({ ticket: z.string().min(1).max(TICKET_LIMIT).optional() }),
  },
  responses: {
    307: {
      description: "The playlist, in `Location`.",
      headers: z.object({ Location: z.url() }),
    },
    ...errorResponses(...WATCH_ERRORS),
  },
});

/** It has tickets of its own, so it comes before the routes of broadcasts, which need an API key. */
export function addHlsRoute(app: OpenAPIHono, shared: SignalingProcess): void {
  app.openapi(watch, async (c) => {
    const ticket = bearerOf(c) ?? c.req.valid("query").ticket ?? null;
    const broadcastId = c.req.valid("param").broadcast;
    const url = await openView(callerOf(shared, c), { broadcastId, ticket }, publicUrlOf(c, shared));
    return c.body(null, 307, {
      Location: url,
      "Cache-Control": "no-store",
      "Referrer-Policy": "no-referrer",
    });
  });
}
