import { FairleadError, hashStreamKey, httpStatus, isRetryable } from "@fairlead/protocol";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { withRetryAfter } from "../abuse/refusals.ts";
import { bearerOf } from "../http/bearer.ts";
import { callerOf } from "../http/caller.ts";
import { iceServerLinks } from "../http/ice-server-links.ts";
import { publicUrlOf } from "../http/public-url.ts";
import { readSdp } from "../http/read-sdp.ts";
import { SDP, SDP_FRAGMENT } from "../http/sdp-paths.ts";
import { refuseOtherMethods } from "../http/unmatched.ts";
import { closeSession, patchSession, type SessionAccess } from "../sdp-session/call-session.ts";
import type { OpenedSdpSession } from "../sdp-session/open-at-node.ts";
import { openWhep } from "../sdp-session/open-whep.ts";
import { openWhip } from "../sdp-session/open-whip.ts";
import { countJoin } from "../session/count-join.ts";
import { TokenBuckets } from "../session/token-buckets.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import {
  publish,
  publishByKey,
  readEndpoint,
  type SdpKind,
  sessionOperations,
  watch,
} from "./sdp-operations.ts";

/** Of one session here: a browser that sends each candidate alone needs some twenty at once. */
const PATCHES = { perSecond: 2, burst: 50 };
const PATCH_RETRY_MS = 1_000;
/** Where a refusal that may pass does not say when. */
const RETRY_MS = 1_000;

/**
 * WHIP and WHEP on every runtime: the SDP is the node's to read and answer. They have keys and tickets of their own, so they come before
 * the routes of broadcasts, which need an API key.
 */
export function addSdpRoutes(app: OpenAPIHono, shared: SignalingProcess): void {
  const open = async (c: Context, kind: SdpKind, broadcastId?: string) => {
    const offer = await readSdp(c, SDP);
    const [caller, bearer, isWanted] = [callerOf(shared, c), bearerOf(c), () => !c.req.raw.signal.aborted];
    const openOf = () =>
      kind === "whip"
        ? openWhip(caller, { broadcastId, key: bearer, offer, isWanted })
        : openWhep(caller, { broadcastId: broadcastId ?? "", ticket: bearer, offer, isWanted });
    const opened = await sayWhen(countJoin(shared.metrics, openOf));
    return answerOpened(c, shared, kind, opened);
  };
  app.openapi(publishByKey, (c) => open(c, "whip"));
  app.openapi(publish, (c) => open(c, "whip", c.req.valid("param").broadcast));
  app.openapi(watch, (c) => open(c, "whep", c.req.valid("param").broadcast));
  for (const [operation, id, hasPath] of ENDPOINTS)
    app.openapi(readEndpoint(operation.path, id, hasPath), (c) => c.body(null, 204));
  for (const kind of ["whip", "whep"] as const) addSessionRoutes(app, shared, kind);
  refuseOtherMethods(app, SDP_PATH);
}

const ENDPOINTS = [
  [publishByKey, "readWhip", false],
  [publish, "readWhipEndpoint", true],
  [watch, "readWhepEndpoint", true],
] as const;

const SDP_PATH = /\/wh[ie]p(\/|$)/;

function addSessionRoutes(app: OpenAPIHono, shared: SignalingProcess, kind: SdpKind): void {
  const { patch, end, read } = sessionOperations(kind);
  const patches = new TokenBuckets({ ...PATCHES, now: shared.now });
  const access = async (c: Context, path: SessionPath): Promise<SessionAccess> => {
    const bearer = bearerOf(c);
    if (kind === "whip" && bearer === null)
      throw new FairleadError("stream_key_invalid", { message: "no stream key: Authorization: Bearer …" });
    const { broadcast: broadcastId, incarnation, session: sessionId } = path;
    return { broadcastId, incarnation, sessionId, bearer: bearer && (await hashStreamKey(bearer)) };
  };

  app.openapi(patch, async (c) => {
    const fragment = await readSdp(c, SDP_FRAGMENT);
    const session = await access(c, c.req.valid("param"));
    if (!patches.take(session.sessionId))
      throw new FairleadError("rate_limited", { retryAfterMs: PATCH_RETRY_MS });
    const ifMatch = c.req.valid("header")["if-match"] ?? null;
    const patched = await sayWhen(patchSession(callerOf(shared, c), session, { fragment, ifMatch }));
    // RFC 9725 § 4.3.2: no ETag without a restart.
    if (patched.fragment === undefined) return c.body(null, 204);
    return c.body(patched.fragment, 200, { "Content-Type": SDP_FRAGMENT, ETag: patched.etag });
  });

  app.openapi(end, async (c) => {
    await sayWhen(closeSession(callerOf(shared, c), await access(c, c.req.valid("param"))));
    return c.body(null, 204);
  });

  app.openapi(read, (c) => c.body(null, 204));
}

type SessionPath = { broadcast: string; incarnation: string; session: string };

function answerOpened(
  c: Context,
  shared: SignalingProcess,
  kind: SdpKind,
  { broadcastId, incarnation, sessionId, answer, etag, iceServers }: OpenedSdpSession,
) {
  for (const link of iceServerLinks(iceServers)) c.header("Link", link, { append: true });
  const path = `/v1/broadcasts/${broadcastId}/${kind}/${incarnation}/${sessionId}`;
  return c.body(answer, 201, {
    "Content-Type": SDP,
    "Cache-Control": "no-store",
    Location: publicUrlOf(c, shared) + path,
    ETag: etag,
  });
}

/** Refusals that may pass say when to ask again: programs wait that long instead of giving up, or asking at once. */
async function sayWhen<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof FairleadError && isSilent(error) ? withRetryAfter(error, RETRY_MS) : error;
  }
}

function isSilent({ code, retryAfterMs }: FairleadError): boolean {
  return retryAfterMs === undefined && isRetryable(code) && PASSING.includes(httpStatus(code));
}

const PASSING = [409, 503, 504];
