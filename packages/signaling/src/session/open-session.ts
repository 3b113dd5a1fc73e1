import { callNode } from "@fairlead/bus";
import {
  type CoreAddress,
  ERRORS,
  FairleadError,
  type JoinReply,
  type JoinRequest,
  type Lease,
  randomId,
  type TicketClaims,
} from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";
import { type SessionInput, verifyAdmission } from "@fairlead/tickets";
import { ratesOf } from "../abuse/count-rates.ts";
import { unlessRefused } from "../abuse/refused-openings.ts";
import type { Caller } from "../http/caller.ts";
import { placeRoom } from "../placement/place-room.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import { admitOpening, assertBus, takeFreeReturn } from "./admit-opening.ts";
import type { LinkSink } from "./link-sink.ts";
import { pause } from "./pause.ts";
import { type LinkRegister, SessionLink } from "./session-link.ts";

/** Peers leave full rooms at human speed. */
const FULL_RETRY_MS = 2_000;

/** Places that refusals have ruled out for the peer. `lease`: the place that was tried last. */
type Search = {
  full: CoreAddress[];
  draining: CoreAddress[];
  suspect: string | undefined;
  lease: Lease | null;
  /** The rates that the join is not counted for yet. */
  rates: readonly Rate[];
};

/**
 * Admits a peer, places it, and opens its session on the node: one round trip to the registry, one to the node. A core
 * that is full or a node that does not answer makes it place again, a few times, while the client waits.
 *
 * @returns The link, live: `joined` has been sent to the sink, and events follow.
 * @throws {FairleadError} `rate_limited`, `ticket_…`, `banned`, `no_capacity`, `registry_…`, `bus_disconnected`, what the node refuses with, or its last failure.
 */
export async function openSession(
  caller: Caller,
  register: LinkRegister,
  join: JoinRequest,
  sink: LinkSink,
): Promise<SessionLink> {
  const { counters, refusedTickets } = caller.shared;
  const open = () => admitAndOpen(caller, { register, sink }, join);
  try {
    const link = await unlessRefused(refusedTickets, join.ticket, open);
    counters.count("session.joined");
    return link;
  } catch (error) {
    counters.count("join.refused", error instanceof FairleadError ? error.code : "internal");
    throw error;
  }
}

type Target = { register: LinkRegister; sink: LinkSink };

async function admitAndOpen(caller: Caller, target: Target, join: JoinRequest): Promise<SessionLink> {
  const { shared, address } = caller;
  const { issuer, now, rateLimits } = shared;
  assertBus(shared);
  const claims = await verifyAdmission(shared, join, { issuer, now });
  const isFree = await takeFreeReturn(shared, join, claims);
  if (!isFree) admitOpening(shared);
  const rates = isFree ? [] : ratesOf(rateLimits, { address, room: claims.room });
  const search: Search = { full: [], draining: [], suspect: undefined, lease: null, rates };
  try {
    return await openSomewhere(caller, target, { join, claims, search });
  } catch (error) {
    noteCapacity(caller, claims, error);
    throw error;
  }
}

/** Nobody else tells the operator that the cluster is too small. */
function noteCapacity({ shared, log }: Caller, { room }: TicketClaims, error: unknown): void {
  if (!(error instanceof FairleadError) || !ERRORS[error.code].elsewhere) return;
  const { code, retryAfterMs } = error;
  shared.refusals.capacity.warn(log, { roomId: room, code, retryAfterMs });
}

type Wanted = { join: JoinRequest; claims: TicketClaims; search: Search };

async function openSomewhere(
  caller: Caller,
  { register, sink }: Target,
  wanted: Wanted,
): Promise<SessionLink> {
  const { shared } = caller;
  const { claims, search } = wanted;
  const attempt = () => tryOpen(caller, { register, sink }, wanted);
  for (const delayMs of shared.limits.retryDelaysMs) {
    try {
      return await attempt();
    } catch (error) {
      if (!learn(search, error)) throw error;
      caller.log.warn("join.retried", {
        roomId: claims.room,
        incarnation: search.lease?.incarnation,
        error,
      });
      await pause(shared, delayMs);
      if (!sink.isOpen()) {
        caller.log.debug("join.abandoned", { roomId: claims.room });
        throw error;
      }
    }
  }
  return attempt();
}

async function tryOpen(
  caller: Caller,
  { register, sink }: Target,
  { join, claims, search }: Wanted,
): Promise<SessionLink> {
  const link = new SessionLink(caller, register, sink);
  try {
    // A try's own session id: what a node of an earlier try says late is not mistaken for this one's.
    const sessionId = randomId(caller.shared.random);
    search.lease = null;
    const placed = await placeRoom(caller, toPlaceRequest(caller.shared, claims, search));
    search.rates = [];
    const { lease } = placed;
    if (isFull(search, lease)) throw new FairleadError("core_full", { retryAfterMs: FULL_RETRY_MS });
    search.lease = lease;
    link.listen(sessionId, claims.room);
    const request = {
      join,
      sessionId,
      inbox: register.inbox.id,
      ...placed,
      // next build: request of a join
    };
    const answer = callNode(caller.bus, lease.incarnation, "room.join", request);
    const reply = await link.unlessMoved(lease.epoch, answer);
    // A join sent again finds the session that the first one made.
    if (reply.sessionId !== sessionId) link.listen(reply.sessionId, claims.room);
    await link.start(toSession(claims, lease, reply), reply.position, (sessionTicket) => ({
      ...reply,
      type: "joined",
      sessionTicket,
    }));
    // Nobody listened there when the node sent that session's events.
    if (reply.sessionId !== sessionId) void link.acknowledge({ position: reply.position, resend: true });
    return link;
  } catch (error) {
    link.close();
    throw error;
  }
}

function toPlaceRequest(
  { region }: SignalingProcess,
  claims: TicketClaims,
  { full, draining, suspect, rates }: Search,
) {
  const exclude = [...full, ...draining];
  return {
    roomId: claims.room,
    peer: { identity: claims.sub, ticketId: claims.jti },
    rates,
    ...(region === undefined ? {} : { region }),
    ...(exclude.length > 0 ? { exclude } : {}),
    ...(suspect === undefined ? {} : { suspect }),
  };
}

function toSession(claims: TicketClaims, lease: Lease, reply: JoinReply): SessionInput {
  return {
    sub: claims.sub,
    session: reply.sessionId,
    peer: reply.peerId,
    joinedAtMs: reply.joinedAtMs,
    room: reply.roomId,
    node: lease.nodeId,
    incarnation: lease.incarnation,
    epoch: reply.epoch,
    ticketId: claims.jti,
    connection: reply.connection,
  };
}

/** The registry keeps a live lease where it is: asking the same full core again would change nothing. */
function isFull({ full }: Search, { incarnation, core }: CoreAddress): boolean {
  return full.some((other) => other.incarnation === incarnation && other.core === core);
}

/** @returns Whether placing again may help after this refusal, of a node (not of the registry). */
function learn(search: Search, error: unknown): boolean {
  if (!(error instanceof FairleadError) || !search.lease) return false;
  const { nodeId, incarnation, core } = search.lease;
  switch (error.code) {
    case "core_full":
      search.full.push({ nodeId, incarnation, core });
      return true;
    case "node_draining":
      // Its lease may stand until its next heartbeat: then it is asked again, which is right if it admits the peer after all.
      search.draining.push({ nodeId, incarnation, core });
      return true;
    case "lease_lost":
    case "node_unreachable":
    case "node_timeout":
      search.suspect = incarnation;
      return true;
    default:
      return false;
  }
}
