import { FairleadError } from "@fairlead/protocol";
import { type Segments, TARGET_DURATION_S } from "@fairlead/segments";
import type { Logger } from "@fairlead/telemetry";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { HlsAccess } from "./hls-access.ts";
import { BlockedRequests } from "./serving/blocked-requests.ts";
import { FollowedBroadcasts } from "./serving/followed-broadcasts.ts";
import { HlsHandlers } from "./serving/hls-handlers.ts";
import { refuse } from "./serving/refuse.ts";
import { ViewingSessions } from "./serving/viewing-sessions.ts";

export type HlsLimits = {
  /** Requests of one viewing session that may wait at the same time for media to come. */
  blockedPerView: number;
  /** Of one address, behind which there may be many viewers. */
  blockedPerAddress: number;
  /** Of all addresses. One that waits costs a closure and a timer. */
  blockedInAll: number;
  /** Bytes of one rendition that a timeline keeps. */
  keptBytes: number;
};

export type HlsAppOptions = {
  segments: Segments;
  access: HlsAccess;
  /** Who asks, as limits count: an IP address, of which IPv6 counts by network. */
  clientAddress: (c: Context) => string;
  log: Logger;
  /** Milliseconds that never run back. */
  now?: () => number;
  limits?: Partial<HlsLimits>;
};

export type HlsApp = {
  /** To be mounted anywhere: `outer.route("/hls", app)`. */
  app: Hono;
  /** Viewing sessions that asked for one of its playlists within three target durations; `admittedViewers`: those of them with a ticket. */
  viewersOf(broadcastId: string): { viewers: number; admittedViewers: number };
  /** Requests that wait for media now. */
  blocked(): number;
  close(): void;
};

const LIMITS: HlsLimits = {
  ...{ blockedPerView: 3, blockedPerAddress: 256, blockedInAll: 10_000 },
  keptBytes: 64 * 2 ** 20,
};
const VIEWER_GONE_MS = 3 * TARGET_DURATION_S * 1_000;
const SWEEP_MS = 5_000;
const METHODS = ["GET", "HEAD"];

/**
 * Serves broadcasts as HLS, in low latency, of what `segments` has of them: `/{broadcast}/t/{token}/index.m3u8`, and all that its playlists name
 * relative to it, so that every request carries the viewer's token.
 */
export function createHlsApp(options: HlsAppOptions): HlsApp {
  const { segments, access, clientAddress, log, now = () => performance.now() } = options;
  const limits = { ...LIMITS, ...options.limits };
  const broadcasts = new FollowedBroadcasts({ segments, keptBytes: limits.keptBytes }, now);
  const viewers = new ViewingSessions(VIEWER_GONE_MS, now);
  const blocked = new BlockedRequests(limits);
  const handlers = new HlsHandlers({ access, broadcasts, blocked, viewers, clientAddress });
  const sweeping = setInterval(() => {
    broadcasts.closeUnneeded();
    viewers.forgetGone();
  }, SWEEP_MS);

  const app = new Hono();
  app.use("*", allowAllOrigins(), hideReferrers);
  app.get("/:broadcast/index.m3u8", handlers.open);
  app.get("/:broadcast/t/:token/index.m3u8", handlers.multivariantPlaylist);
  app.get("/:broadcast/t/:token/:rendition/index.m3u8", handlers.mediaPlaylist);
  app.get("/:broadcast/t/:token/:rendition/:file", handlers.media);
  app.all("*", refuseUnmatched);
  app.onError((error, c) => refuse(c, error, log));

  return {
    app,
    viewersOf: (broadcastId) => viewers.countOf(broadcastId),
    blocked: () => blocked.size,
    close: () => {
      clearInterval(sweeping);
      broadcasts.close();
    },
  };
}

/** No cookie proves anything here: whoever has the token may watch, on any page. */
function allowAllOrigins(): MiddlewareHandler {
  return cors({
    origin: "*",
    allowMethods: [...METHODS, "OPTIONS"],
    allowHeaders: ["Range", "If-None-Match", "If-Range"],
    exposeHeaders: ["Accept-Ranges", "Age", "Content-Length", "Content-Range", "Date", "ETag", "Retry-After"],
    maxAge: 86_400,
  });
}

/** The path holds the viewer's token. */
const hideReferrers: MiddlewareHandler = async (c, next) => {
  c.header("Referrer-Policy", "no-referrer");
  c.header("X-Content-Type-Options", "nosniff");
  c.header("Cross-Origin-Resource-Policy", "cross-origin");
  await next();
};

function refuseUnmatched(c: Context): never {
  if (METHODS.includes(c.req.method)) throw new FairleadError("not_found");
  c.header("Allow", METHODS.join(", "));
  throw new FairleadError("method_not_allowed");
}
