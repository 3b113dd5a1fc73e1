import { FairleadError, HTTP_BODY_LIMIT_BYTES, SESSION_BODY_LIMIT_BYTES } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { Hono, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { refuseOrigins } from "../abuse/allow-origins.ts";
import { limitStrangers } from "../abuse/limit-requests.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import { answerError } from "./error-answer.ts";
import { readBody } from "./read-body.ts";
import { acceptHeaderOf, loggedPath } from "./sdp-paths.ts";

const REQUEST_ID_LIMIT = 128;
const SESSIONS = /^\/v1\/sessions(?:\/|$)/;
const TRACE_HEADERS = ["traceparent", "tracestate"];

/** Adds the middleware that every HTTP route of the API has around it. Routes that a caller adds outside `/v1` are left alone. */
export function useMiddleware(app: Pick<Hono, "use">, shared: SignalingProcess): void {
  app.use("*", identifyRequest(), logRequests(shared.log));
  app.use("/.well-known/*", headersOf());
  app.use("/v1/*", limitStrangers(shared), headersOf(), refuseOrigins(shared));
  app.use("/v1/*", tellAccepted(), allowOrigins(shared), limitBody(shared.log));
}

/** A caller's own id is taken on if it is letters, digits, `_`, `-` and `=` alone. */
export function identifyRequest(): MiddlewareHandler {
  return requestId({ limitLength: REQUEST_ID_LIMIT });
}

function logRequests(log: Logger): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const { method, path } = c.req;
    const [requestId, refusal] = [c.get("requestId"), c.get("refusal")];
    const { status } = c.res;
    log.debug("http.answered", { requestId, method, path: loggedPath(path), status, refusal });
  };
}

/** No cookie proves anything here, but a ticket or an API key, which no page has that was not given it. */
function allowOrigins({ origins }: SignalingProcess): MiddlewareHandler {
  return cors({
    origin: origins === "*" ? "*" : [...origins],
    // Clients of WHIP ask by OPTIONS for ICE servers, with their key: that has a preflight too.
    allowMethods: ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"],
    allowHeaders: [
      "Authorization",
      "Content-Type",
      "If-Match",
      "If-None-Match",
      "Last-Event-ID",
      "X-Request-Id",
      ...TRACE_HEADERS,
    ],
    exposeHeaders: [
      "Accept-Patch",
      "Accept-Post",
      "ETag",
      "Link",
      "Location",
      "RateLimit",
      "RateLimit-Policy",
      "Retry-After",
      "X-Request-Id",
    ],
    maxAge: 86_400,
  });
}

/** RFC 9725 § 4.2: whoever asks by OPTIONS, a page's preflight or not, is told with 200 what the resource takes. */
function tellAccepted(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const accepted = c.req.method === "OPTIONS" ? acceptHeaderOf(c.req.path) : null;
    if (!accepted || c.res.status !== 204) return;
    c.res = new Response(null, { status: 200, headers: c.res.headers });
    c.res.headers.set(accepted.name, accepted.value);
  };
}

/** No HSTS: the owner of a host name decides whether it has HTTPS everywhere. */
function headersOf(): MiddlewareHandler {
  return secureHeaders({ strictTransportSecurity: false, crossOriginResourcePolicy: "cross-origin" });
}

function limitBody(log: Logger): MiddlewareHandler {
  const usual = bodyOf(HTTP_BODY_LIMIT_BYTES, log);
  const ofSessions = bodyOf(SESSION_BODY_LIMIT_BYTES, log);
  return async (c, next) => {
    const limit = SESSIONS.test(c.req.path) ? ofSessions : usual;
    const refusal = await readBody(limit(c, async () => {}));
    return refusal ?? next();
  };
}

function bodyOf(maxSize: number, log: Logger): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: (c) => {
      const message = `a body has at most ${maxSize} bytes`;
      return answerError(c, new FairleadError("frame_too_large", { message }), log);
    },
  });
}
