import { type ErrorAnswer, FairleadError, httpStatus, toErrorBody } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

const RETRY_MS = 1_000;

/** No media came for as long as a request may wait: it is live, and stalled. */
export class StalledError extends FairleadError {
  constructor() {
    super("broadcast_not_live", { message: "no media comes now", retryAfterMs: RETRY_MS });
  }
}

/** Answers with what was thrown. Nothing of the path is in the body or in a log line, since tokens stand there. */
export function refuse(c: Context, error: unknown, log: Logger): Response {
  const body = toErrorBody(error);
  if (body.code === "internal") log.error("hls.failed", { method: c.req.method, error });
  // Also what is not there: it may come at once, and a cache that leaves tokens out would tell all viewers what one has asked for too early.
  c.header("Cache-Control", "no-store");
  if (body.retryAfterMs !== undefined) c.header("Retry-After", String(Math.ceil(body.retryAfterMs / 1_000)));
  // RFC 8216bis § 6.2.5.2; players ask again after 5xx, and give up after 4xx.
  const status = error instanceof StalledError ? 503 : httpStatus(body.code);
  return c.json({ error: body } satisfies ErrorAnswer, status as ContentfulStatusCode);
}
