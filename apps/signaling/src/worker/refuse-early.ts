import { FairleadError, SessionId } from "@fairlead/protocol";
import { answerFailure } from "./answer-failure.ts";
import { sessionOf } from "./choose-shards.ts";

const KEY_PATH = /^\/v1\/(?:rooms|broadcasts|nodes|surplus)(?:\/|$)/;
/** Whoever publishes has a stream key; a public broadcast is watched without anything, and there is nothing to read. */
const WHIP_PATH = /^\/v1\/(?:whip|broadcasts\/[^/]+\/whip)(?:\/|$)/;
const WHEP_PATH = /^\/v1\/broadcasts\/[^/]+\/whep(?:\/|$)/;
const READS = ["GET", "HEAD"];

/**
 * Refuses here what every shard would refuse, so that nobody without a ticket or a key wakes a shard or makes work for it.
 *
 * @returns `invalid_request` for a session id that can be none; `session_invalid` `stream_key_invalid` or `api_key_missing` where
 * `Authorization` is needed and missing; null for what a shard has to answer.
 */
export function refuseEarly(request: Request): Response | null {
  // Preflights come without.
  if (request.method === "OPTIONS") return null;
  const refusal = refusalOf(request, new URL(request.url).pathname);
  return refusal && answerFailure(refusal);
}

function refusalOf({ method, headers }: Request, path: string): FairleadError | null {
  const isAuthorized = headers.has("Authorization");
  const session = sessionOf(path);
  if (session !== undefined && !SessionId.safeParse(session).success)
    return new FairleadError("invalid_request", { message: "no session has such an id" });
  if (WHEP_PATH.test(path)) return null;
  if (WHIP_PATH.test(path))
    return isAuthorized || READS.includes(method)
      ? null
      : new FairleadError("stream_key_invalid", { message: "no stream key: Authorization: Bearer …" });
  if (session !== undefined) {
    const message = "no session ticket: Authorization: Bearer …";
    return isAuthorized ? null : new FairleadError("session_invalid", { message });
  }
  return KEY_PATH.test(path) && !isAuthorized ? new FairleadError("api_key_missing") : null;
}
