import {
  FairleadError,
  type Grants,
  type JoinRequest,
  type NodeCallRequest,
  type PeerInfo,
  type TicketClaims,
} from "@fairlead/protocol";
import type { types } from "mediasoup";
import { act } from "../commands/act.ts";
import { subscribeToAllData } from "../room/data-subscriptions.ts";
import { Peer } from "../room/peer.ts";
import { PeerBudgets } from "../room/peer-budgets.ts";
import type { Room, SeatInRoom } from "../room/room.ts";
import { snapshotFor } from "../room/room-events.ts";
import type { PeerTransports, Seat } from "../room/seat.ts";
import { subscribeToAll } from "../room/subscriptions.ts";
import { Session } from "../session/session.ts";

/** The part of a peer that stays the same over its sessions. */
export type PeerIdentity = Pick<PeerInfo, "peerId" | "joinedAtMs">;

const VIEWER_GRANTS: Grants = { publish: [], subscribe: true, data: false, moderate: false };

/** A verified join. */
export type Admission = PeerIdentity & {
  join: JoinRequest;
  claims: TicketClaims;
  /** Of the room, if it is a broadcast's. */
  gate?: { assertTakesViewer(peerId: string): void } | undefined;
} & Pick<NodeCallRequest<"room.join">, "sessionId" | "inbox">;

/**
 * Admits a peer to a seat: both transports, its session, and the events that tell the others.
 * @throws {FairleadError} `banned`, `room_full`, `duplicate_identity`; `lease_lost` if the room went meanwhile.
 */
export async function admitPeer({ room, seat }: SeatInRoom, admission: Admission): Promise<Peer> {
  assertAdmissible(room, admission);
  const transports = await openTransports(seat, admission);
  // While the transports were made, a peer of the same identity may have come in, or the room may have gone.
  try {
    assertAdmissible(room, admission);
    if (room.takesNobody || seat.closed) throw new FairleadError("lease_lost");
  } catch (error) {
    transports.send?.close();
    transports.receive.close();
    throw error;
  }
  const peer = makePeer({ room, seat }, admission, transports);
  if (peer.isViewer) room.addViewer(peer);
  else room.add(peer);
  return peer;
}

/** Called when the join's answer is on its way to the peer: sends it the room's state, then a consumer for each producer. */
export function welcomePeer(room: Room, peer: Peer): void {
  room.arrivals.noteSnapshot(peer.session);
  peer.session.start();
  // next build: a peer is in the room
  if (peer.isViewer && !room.audience.isRevealed) return;
  if (peer.isAutoSubscribed) subscribeToAll({ room, peer });
  subscribeToAllData({ room, peer });
}

async function openTransports(seat: Seat, { join, claims, peerId }: Admission): Promise<PeerTransports> {
  const owner = { ...seat.owner, peerId };
  const { receivedBps } = join;
  if (claims.role !== "viewer") return seat.openTransports(owner, { receivedBps });
  return { send: null, receive: await seat.openTransport(owner, { receivedBps }) };
}

function assertAdmissible(room: Room, { claims, peerId, gate }: Admission): void {
  const { sub: identity, jti: ticketId } = claims;
  if (room.bans.has({ identity, ticketId })) throw new FairleadError("banned");
  const putOut = room.putOut.get(peerId);
  if (putOut) throw new FairleadError(putOut);
  // One person may watch on several screens, and viewers are in no limit of peers.
  if (claims.role === "viewer") gate?.assertTakesViewer(peerId);
  else assertPeerAdmissible(room, { identity, ticketId, peerId });
}

/** The identity's older peer, if there is one, makes way for it. */
function assertPeerAdmissible(
  room: Room,
  { identity, ticketId, peerId }: { identity: string; ticketId: string; peerId: string },
): void {
  const older = room.peerOfIdentity(identity);
  // The older one is this very peer if it has the same ticket, or if a previous session proves the same peer id.
  const isItself = older?.ticketId === ticketId || older?.peerId === peerId;
  if (older && !isItself && room.options.duplicateIdentity === "refuse")
    throw new FairleadError("duplicate_identity");
  const others = room.peers.size - (older ? 1 : 0);
  if (others >= room.options.maxPeers) throw new FairleadError("room_full");
}

function makePeer({ room, seat }: SeatInRoom, admission: Admission, transports: PeerTransports): Peer {
  const { join, claims, peerId, joinedAtMs, sessionId, inbox } = admission;
  const { bus, log, now, budgetOf } = room.deps;
  const identity = claims.sub;
  const session = new Session({
    sessionId,
    epoch: room.lease.epoch,
    bus,
    now,
    inbox,
    snapshot: () => snapshotFor(room, peer),
    beforeEvent: () => room.arrivals.tell(),
    act: async (command) => {
      const reply = await act({ room, peer }, command);
      room.arrivals.tell();
      return reply;
    },
  });
  const peer: Peer = new Peer({
    info: { peerId, identity, name: claims.name, metadata: claims.metadata, joinedAtMs },
    grants: claims.role === "viewer" ? VIEWER_GRANTS : claims.grants,
    isViewer: claims.role === "viewer",
    ticketId: claims.jti,
    joinId: join.joinId,
    rtpCapabilities: join.rtpCapabilities as unknown as types.RtpCapabilities,
    isAutoSubscribed: join.autoSubscribe,
    confirmsData: join.confirmsData === true,
    overlaps: join.overlaps === true,
    session,
    seat,
    transports,
    owner: { ...seat.owner, peerId },
    budgets: new PeerBudgets(
      (name) => budgetOf(identity, name),
      () => room.peers.size - 1,
    ),
    log,
  });
  return peer;
}
