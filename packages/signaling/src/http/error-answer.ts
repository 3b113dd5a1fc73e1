import { type ErrorAnswer, FairleadError, httpStatus, toErrorBody } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { headersOfRefusal } from "../abuse/rate-headers.ts";
import { loggedPath } from "./sdp-paths.ts";

/** Answers with what was thrown: a refusal as it is, a bug as `internal`, logged once. */
export function answerError(c: Context, error: unknown, log: Logger): Response {
  const refusal = error instanceof HTTPException ? fromHttpException(error) : error;
  const body = toErrorBody(refusal);
  c.set("refusal", body.code);
  if (body.code === "internal")
    log.error("http.failed", {
      requestId: c.get("requestId"),
      method: c.req.method,
      path: loggedPath(c.req.path),
      error,
    });
  if (body.retryAfterMs !== undefined) c.header("Retry-After", String(Math.ceil(body.retryAfterMs / 1_000)));
  // RFC 9110 § 15.5.2.
  if (httpStatus(body.code) === 401) c.header("WWW-Authenticate", "Bearer");
  for (const [name, value] of Object.entries(headersOfRefusal(refusal))) c.header(name, value);
  return c.json({ error: body } satisfies ErrorAnswer, httpStatus(body.code) as ContentfulStatusCode);
}

/** Hono's own refusals: of a body that is not JSON, mostly. */
function fromHttpException(error: HTTPException): unknown {
  if (error.status >= 500) return error;
  return new FairleadError("invalid_request", { message: error.message, cause: error });
}
