import { FairleadError, hashStreamKey, randomId, VIEWER_AUDIENCE } from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";
import { verifyTicket } from "@fairlead/tickets";
import { countRates, ratesOf } from "../abuse/count-rates.ts";
import { unlessRefused } from "../abuse/refused-openings.ts";
import { type BroadcastRoom, findKnown, stateOf } from "../broadcast/find-broadcast.ts";
import type { Caller } from "../http/caller.ts";
import { askOwner, type ServedRoom } from "../placement/ask-owner.ts";
import { type Newcomer, openSomewhere } from "../placement/open-somewhere.ts";
import { admitOpening, assertBus } from "../session/admit-opening.ts";
import { type OpenedSdpSession, openAtNode } from "./open-at-node.ts";

export type WhepRequest = {
  broadcastId: string;
  /** A viewer's, as it was sent; null: none was. */
  ticket: string | null;
  offer: string;
  isWanted: () => boolean;
};

/** How soon a viewer may ask again for a broadcast that is not live now; at most, and at least. */
const NOT_LIVE_RETRY_MS = { min: 1_000, max: 30_000 };

/**
 * Opens a viewer's WHEP session. Without the registry a broadcast that runs is watched on: its node answers for it, and decides.
 *
 * @throws {FairleadError} `ticket_…`, `broadcast_not_found`, `broadcast_not_live` with `retryAfterMs`, `broadcast_ended`, `banned`,
 * `rate_limited`, `no_capacity`, `registry_…`, `bus_disconnected`; what the node refuses with.
 */
export function openWhep(caller: Caller, request: WhepRequest): Promise<OpenedSdpSession> {
  const open = () => admitAndOpen(caller, request);
  return request.ticket === null ? open() : unlessRefused(caller.shared.refusedTickets, request.ticket, open);
}

async function admitAndOpen(caller: Caller, request: WhepRequest): Promise<OpenedSdpSession> {
  const { shared, address } = caller;
  const { broadcastId, ticket, offer, isWanted } = request;
  assertBus(shared);
  const viewer = ticket === null ? null : await verifyViewer(caller, broadcastId, ticket);
  const peer = viewer ?? { identity: randomId(), ticketId: randomId() };
  const found = await findBroadcast(caller, broadcastId, peer);
  const refusal = refusalOf(found, { hasTicket: viewer !== null, nowMs: shared.now() });
  if (refusal) return refuse(caller, refusal);
  admitOpening(shared);
  const rates = ratesOf(shared.rateLimits, { address, room: broadcastId });
  const bearer = ticket === null ? null : await hashStreamKey(ticket);
  const opener = { bearer, isWanted };
  const whep = { offer, ticket, bearer, ...(address === undefined ? {} : { address }) };
  if ("served" in found) {
    await countRates(caller, rates);
    return openAtNode(caller, "whep.open", { ...found.served, debitId: "", ...whep }, opener);
  }
  const newcomer = { roomId: broadcastId, peer, rates, mayClaim: false, isWanted };
  return openSomewhere(caller, newcomer, (placed) =>
    openAtNode(caller, "whep.open", { ...placed, ...whep }, opener),
  );
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

type Found = BroadcastRoom | { served: ServedRoom } | FairleadError;

/** @returns The record; or the node that serves the broadcast, where the registry does not tell; or why there is neither. */
async function findBroadcast(caller: Caller, broadcastId: string, peer: Newcomer["peer"]): Promise<Found> {
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
  found: Found,
  { hasTicket, nowMs }: { hasTicket: boolean; nowMs: number },
): FairleadError | null {
  if (found instanceof FairleadError) return found;
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
