import { callNode } from "@fairlead/bus";
import {
  type JoinReply,
  type JoinRequest,
  type Lease,
  randomId,
  type TicketClaims,
} from "@fairlead/protocol";
import { type SessionInput, verifyAdmission } from "@fairlead/tickets";
import { ratesOf } from "../abuse/count-rates.ts";
import { unlessRefused } from "../abuse/refused-openings.ts";
import type { Caller } from "../http/caller.ts";
import { openSomewhere } from "../placement/open-somewhere.ts";
import type { PlacedRoom } from "../placement/place-room.ts";
import { admitOpening, assertBus, takeFreeReturn } from "./admit-opening.ts";
import { countJoin } from "./count-join.ts";
import type { LinkSink } from "./link-sink.ts";
import { type LinkRegister, SessionLink } from "./session-link.ts";

/**
 * Admits a peer, places it, and opens its session on the node: one round trip to the registry, one to the node.
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
  const { metrics, refusedTickets } = caller.shared;
  const open = () => admitAndOpen(caller, { register, sink }, join);
  return countJoin(metrics, () => unlessRefused(refusedTickets, join.ticket, open));
}

type Target = { register: LinkRegister; sink: LinkSink };

async function admitAndOpen(caller: Caller, target: Target, join: JoinRequest): Promise<SessionLink> {
  const { shared, address } = caller;
  const { issuer, now, rateLimits } = shared;
  assertBus(shared);
  const claims = await verifyAdmission(shared, join, { issuer, now });
  const isFree = await takeFreeReturn(shared, join, claims);
  if (!isFree) admitOpening(shared);
  const newcomer = {
    roomId: claims.room,
    peer: { identity: claims.sub, ticketId: claims.jti },
    rates: isFree ? [] : ratesOf(rateLimits, { address, room: claims.room }),
    mayClaim: true,
    isWanted: () => target.sink.isOpen(),
  };
  return openSomewhere(caller, newcomer, (placed) => openAt(caller, target, { join, claims, placed }));
}

type Wanted = { join: JoinRequest; claims: TicketClaims; placed: PlacedRoom };

async function openAt(
  caller: Caller,
  { register, sink }: Target,
  { join, claims, placed }: Wanted,
): Promise<SessionLink> {
  const { lease } = placed;
  const link = new SessionLink(caller, register, sink);
  try {
    // A try's own session id: what a node of an earlier try says late is not mistaken for this one's.
    const sessionId = randomId(caller.shared.random);
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
