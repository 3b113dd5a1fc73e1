import { FairleadError, randomId, VIEWER_AUDIENCE } from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";
import { verifyTicket } from "@fairlead/tickets";
import { countRates, ratesOf } from "../abuse/count-rates.ts";
import type { Caller } from "../http/caller.ts";
import { askOwner, type ServedRoom } from "../placement/ask-owner.ts";
import type { Newcomer } from "../placement/open-somewhere.ts";
import { type BroadcastRoom, findKnown, stateOf } from "./find-broadcast.ts";

/** How soon a viewer may ask again for a broadcast that is not live now; at most, and at least. */
const NOT_LIVE_RETRY_MS = { min: 1_000, max: 30_000 };

/** A viewer without a session. `ticket`: as it was sent; null: none was. */
export type ViewerRequest = { broadcastId: string; ticket: string | null };

export type FoundForViewer = {
  peer: Newcomer["peer"];
  /** The record; or the node that serves the broadcast, where the registry does not tell. */
  found: BroadcastRoom | { served: ServedRoom };
};

/**
 * The broadcast that a viewer asks for, if it may be watched now, as far as signaling knows. Its node decides.
 * @throws {FairleadError} `ticket_…`, `broadcast_not_found`, `broadcast_not_live` with `retryAfterMs`, `broadcast_ended`, `banned`, `rate_limited`,
 * `registry_…`.
 */
export async function findForViewer(
  caller: Caller,
  { broadcastId, ticket }: ViewerRequest,
): Promise<FoundForViewer> {
  const viewer = ticket === null ? null : await verifyViewer(caller, broadcastId, ticket);
  const peer = viewer ?? { identity: randomId(), ticketId: randomId() };
  const found = await findBroadcast(caller, broadcastId, peer);
  if (found instanceof FairleadError) return refuse(caller, found);
  const refusal = refusalOf(found, { hasTicket: viewer !== null, nowMs: caller.shared.now() });
  if (refusal) return refuse(caller, refusal);
  return { peer, found };
}

/** No placement counts this one. It asks for no place either: the room's rate is for those who do. */
async function refuse(caller: Caller, refusal: FairleadError): Promise<never> {
  await countRates(caller, addressRates(caller));
  throw refusal;
}

function addressRates({ shared, address }: Caller): Rate[] {
  return ratesOf(shared.rateLimits, { address });
}

/** @throws {FairleadError} `ticket_…`: a peer's ticket has another audience. */
async function verifyViewer({ shared }: Caller, room: string, ticket: string) {
  const { ticketKeys, issuer, now } = shared;
  const options = { issuer, now, room, audience: VIEWER_AUDIENCE };
  const { role, sub, jti } = await verifyTicket(ticketKeys, ticket, options);
  if (role !== "viewer") throw new FairleadError("ticket_wrong_audience");
  return { identity: sub, ticketId: jti };
}

/** @returns Why there is neither a record nor a node, where there is none. */
async function findBroadcast(
  caller: Caller,
  broadcastId: string,
  peer: Newcomer["peer"],
): Promise<FoundForViewer["found"] | FairleadError> {
  try {
    return await findKnown(caller, broadcastId, addressRates(caller));
  } catch (error) {
    if (!(error instanceof FairleadError) || !UNKNOWING.includes(error.code)) throw error;
    const served = await askForBroadcast(caller, broadcastId, peer);
    return served ? { served } : error;
  }
}

/** @returns null when no node answers for a broadcast of that id. @throws {FairleadError} `banned`. */
async function askForBroadcast(
  caller: Caller,
  roomId: string,
  peer: Newcomer["peer"],
): Promise<ServedRoom | null> {
  const served = await askOwner(caller, { roomId, peer }).catch((error: unknown) => {
    if (error instanceof FairleadError && error.code !== "banned") return null;
    throw error;
  });
  return served?.options.kind === "broadcast" ? served : null;
}

const UNKNOWING = ["registry_unreachable", "registry_cold", "broadcast_not_found"];

/** The node decides anew, by what it knows: this spares it those who come before the start, or go on asking after the end. */
function refusalOf(
  found: FoundForViewer["found"],
  { hasTicket, nowMs }: { hasTicket: boolean; nowMs: number },
): FairleadError | null {
  if ("served" in found) return null;
  const { visibility, startsAtMs } = found.broadcast;
  const state = stateOf(found, nowMs);
  if (visibility === "private" && !hasTicket)
    return new FairleadError("ticket_invalid", { message: "no viewer's ticket: Authorization: Bearer …" });
  if (state === "ended") return new FairleadError("broadcast_ended");
  if (state === "live") return null;
  const { min, max } = NOT_LIVE_RETRY_MS;
  const untilStartMs = state === "created" ? (startsAtMs ?? nowMs) - nowMs : 0;
  return new FairleadError("broadcast_not_live", {
    retryAfterMs: Math.min(Math.max(untilStartMs, min), max),
  });
}
