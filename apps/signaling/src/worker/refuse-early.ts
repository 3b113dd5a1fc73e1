import { FairleadError, SessionId } from "@fairlead/protocol";
import { answerFailure } from "./answer-failure.ts";
import { sessionOf } from "./choose-shards.ts";

const KEY_PATH = /^\/v1\/(?:rooms|nodes|surplus)(?:\/|$)/;

/**
 * Refuses here what every shard would refuse, so that nobody without a ticket or a key wakes a shard or makes work for it.
 *
 * @returns `invalid_request` for a session id that can be none; `session_invalid` or `api_key_missing` where `Authorization` is
 * needed and missing; null for what a shard has to answer.
 */
export function refuseEarly(request: Request): Response | null {
  // Preflights come without.
  if (request.method === "OPTIONS") return null;
  const refusal = refusalOf(new URL(request.url).pathname, request.headers.has("Authorization"));
  return refusal && answerFailure(refusal);
}

function refusalOf(path: string, isAuthorized: boolean): FairleadError | null {
  const session = sessionOf(path);
  if (session !== undefined) {
    if (!SessionId.safeParse(session).success)
      return new FairleadError("invalid_request", { message: "no session has such an id" });
    const message = "no session ticket: Authorization: Bearer …";
    return isAuthorized ? null : new FairleadError("session_invalid", { message });
  }
  return KEY_PATH.test(path) && !isAuthorized ? new FairleadError("api_key_missing") : null;
}
