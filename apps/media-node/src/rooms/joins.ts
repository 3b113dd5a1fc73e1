import {
  type Capabilities,
  type CodecPolicy,
  capabilitiesOf,
  FairleadError,
  formatPosition,
  type JoinReply,
  type JoinRequest,
  type NodeCallReply,
  type NodeCallRequest,
  randomId,
  type TicketClaims,
} from "@fairlead/protocol";
import { type AdmissionKeys, verifyAdmission, verifyPreviousSession } from "@fairlead/tickets";
import type { Broadcasts } from "../broadcast/broadcasts.ts";
import { enterBroadcast, tellOncePlayed } from "../broadcast/enter-broadcast.ts";
import type { Revalidation } from "../heartbeat/revalidation.ts";
import type { Hooks } from "../hooks/hooks.ts";
import { whileAlive } from "../room/call-mediasoup.ts";
import { offerOf, type Peer } from "../room/peer.ts";
import type { PeerInRoom, Room } from "../room/room.ts";
import type { RoomSettings } from "../room/room-deps.ts";
import type { SpentBudgets } from "../room/spent-budgets.ts";
import type { Sessions } from "../session/sessions.ts";
import { type Admission, admitPeer, type PeerIdentity, welcomePeer } from "./admit-peer.ts";
import { EqualValues } from "./equal-values.ts";
import { CORE_SATURATED, type Rooms } from "./rooms.ts";
import type { OpenSeat, Seating } from "./seating.ts";

export type JoinsOptions = {
  rooms: Rooms;
  budgets: SpentBudgets;
  sessions: Sessions;
  seating: Seating;
  broadcasts: Broadcasts;
  hooks: Hooks;
  /** Tickets are verified here too, and not only where the request arrived. */
  keys: AdmissionKeys & { issuer?: string };
  codecPolicy: CodecPolicy;
  graceMs: number;
  /** null: as many as the cores carry. */
  maxPeers: number | null;
  revalidation: Revalidation;
  /** Beats until the registry has told all that it knows of this node's leases since then, or does not answer. */
  untilTold: (sinceMs: number) => Promise<void>;
  now: () => number;
  /** The peer that the debit was made for is in. `core`: where it sits, if that is not the core of its room's lease. */
  onArrival: (debitId: string, arrival: { roomId: string; core: number | null }) => void;
  /** It left again. */
  onDeparture: (debitId: string) => void;
  /** It was not admitted, so its debit stands for nothing. */
  onRefusal: (debitId: string) => void;
};

const NODE_FULL = { message: "the node is full" };
const BROWSERS_MAX = 100;

/** Admits peers. */
export class Joins {
  readonly #options: JoinsOptions;
  readonly #capabilities: Capabilities;
  /** Joins that are being answered, by ticket and join id. */
  readonly #joining = new Map<string, Promise<JoinReply>>();
  /** What peers can receive. */
  readonly #receivers = new EqualValues<JoinRequest["rtpCapabilities"]>(BROWSERS_MAX);
  /** Peers that are being admitted, so that many at once don't pass the limit. */
  #admitting = 0;

  constructor(options: JoinsOptions) {
    this.#options = options;
    this.#capabilities = capabilitiesOf(options.codecPolicy);
  }

  /** The node has as many peers as it may have. */
  get isNodeFull(): boolean {
    const { maxPeers, rooms } = this.#options;
    if (maxPeers === null) return false;
    return rooms.all().reduce((sum, room) => sum + room.peers.size, this.#admitting) >= maxPeers;
  }

  /**
   * Verifies the ticket, opens the room if it is not, and admits the peer; its events follow.
   * @throws {FairleadError} `rate_limited`, `ticket_*`, `capabilities_mismatch`, `lease_lost`, `core_full`, `node_draining`, `banned`, `room_full`,
   * `duplicate_identity`.
   */
  async join(request: NodeCallRequest<"room.join">): Promise<JoinReply> {
    const { revalidation, onRefusal } = this.#options;
    try {
      if (revalidation.isDue) await revalidation.pass();
      const reply = await this.#joinOnce(request);
      this.#assertAdmitted(reply, await revalidation.confirm());
      return reply;
    } catch (error) {
      onRefusal(request.debitId);
      throw error;
    }
  }

  attach(request: NodeCallRequest<"session.attach">): NodeCallReply<"session.attach"> {
    const { sessionId, epoch, position, inbox } = request;
    const { session } = this.#options.sessions.peerOf(sessionId, epoch).peer;
    return { connection: session.attach(position, inbox), acksByPing: true };
  }

  /** The node may have stood still, and have lost the room, while the peer was being admitted. */
  #assertAdmitted({ sessionId, roomId, peerId, epoch }: JoinReply, atMs: number): void {
    const { sessions } = this.#options;
    const found = sessions.peerIfHere(sessionId);
    const end = sessions.endOf(sessionId);
    // A peer that was removed or replaced meanwhile must not be admitted elsewhere.
    if (!found) throw new FairleadError(end === "session_gone" ? "lease_lost" : end);
    found.room.log.debug("join.accepted", { roomId, epoch, peerId, atMs });
  }

  async #joinOnce(request: NodeCallRequest<"room.join">): Promise<JoinReply> {
    const { join, lease } = request;
    const { keys, now } = this.#options;
    const claims = await verifyAdmission(keys, join, { room: lease.roomId, issuer: keys.issuer, now });
    assertCapabilities(join, this.#capabilities);
    // A client that had no answer sends the same join again: that is handled after the first one, not beside it.
    const id = `${claims.jti} ${join.joinId}`;
    const admit = () => this.#admitOnce(request, claims);
    const joined = (this.#joining.get(id) ?? Promise.resolve()).then(admit, admit);
    this.#joining.set(id, joined);
    return joined.finally(() => this.#joining.get(id) === joined && this.#joining.delete(id));
  }

  async #admitOnce(request: NodeCallRequest<"room.join">, claims: TicketClaims): Promise<JoinReply> {
    const { join, lease } = request;
    const room = this.#options.rooms.roomIfHere(lease.roomId);
    const peers = room?.members() ?? [];
    const isSame = ({ joinId, ticketId, isClosed }: Peer) =>
      joinId === join.joinId && ticketId === claims.jti && !isClosed;
    const earlier = peers.find(isSame);
    const { sub: identity, jti: ticketId } = claims;
    const joins = () => this.#options.budgets.of(lease.roomId, identity, "joins");
    // The first join's answer was lost: it is given again, and the events are sent from the start. That costs as much as a join.
    if (room && earlier) {
      joins().take(1);
      this.#options.onRefusal(request.debitId);
      return this.#reply({ room, peer: earlier }, earlier.session.attach(startOf(earlier), request.inbox));
    }
    if (room?.bans.has({ identity, ticketId })) throw new FairleadError("banned");
    // Viewers are in no limit of peers; and an identity that is in has its place already, which its newer peer takes over.
    const isCounted = claims.role === "viewer" || room?.peerOfIdentity(identity) !== undefined;
    if (!isCounted) this.#assertCapacity(request);
    joins().take(1);
    const places = isCounted ? 0 : 1;
    this.#admitting += places;
    try {
      const admitted = await this.#admit(request, claims);
      return this.#reply(admitted, admitted.peer.session.connection);
    } catch (error) {
      joins().giveBack(1);
      throw error;
    } finally {
      this.#admitting -= places;
    }
  }

  async #admit(request: NodeCallRequest<"room.join">, claims: TicketClaims): Promise<PeerInRoom> {
    const { lease, options, mutes, sessionId, inbox, debitId } = request;
    const { sessions, onArrival } = this.#options;
    const join = { ...request.join, rtpCapabilities: this.#receivers.of(request.join.rtpCapabilities) };
    const { isReturning, ...identity } = await this.#identify(join, claims);
    const { peerId } = identity;
    const room = await this.openRoom({ lease, options, mutes, isMoved: isReturning });
    const entering = { claims, peerId, isReturning };
    const entered = await enterBroadcast(room, entering, this.#options);
    const admission = { join, claims, sessionId, inbox, ...identity, gate: entered?.broadcast.gate };
    const { playing } = entered ?? {};
    const { hooks } = this.#options;
    const { peer, openSeat } = await this.#seat(room, admission).catch((error) => {
      if (playing && !isReturning) hooks.tellPlayDone(playing);
      throw error;
    });
    if (playing) tellOncePlayed({ room, peer }, playing, this.#options);
    onArrival(debitId, { roomId: room.roomId, core: openSeat.core === lease.core ? null : openSeat.core });
    this.#watchDeparture(peer, { debitId, openSeat });
    sessions.add(sessionId, { room, peer });
    // A turn later, so that the answer is sent before the events.
    setImmediate(() => welcomePeer(room, peer));
    return { room, peer };
  }

  /** Apart from the admission, which would otherwise be kept for as long as the peer is. */
  #watchDeparture(
    { transports }: Peer,
    { debitId, openSeat }: { debitId: string; openSeat: OpenSeat },
  ): void {
    const { onDeparture, seating } = this.#options;
    transports.receive.observer.once("close", () => {
      onDeparture(debitId);
      seating.giveBack(openSeat);
    });
  }

  async #seat(room: Room, admission: Admission): Promise<{ peer: Peer; openSeat: OpenSeat }> {
    const { seating } = this.#options;
    const openSeat = admission.claims.role === "viewer" ? seating.takeForViewer() : seating.take(room);
    try {
      const seat = await room.span.seatOn(openSeat.core);
      return { peer: await whileAlive(seat, () => admitPeer({ room, seat }, admission)), openSeat };
    } catch (error) {
      seating.giveBack(openSeat);
      throw error;
    }
  }

  /** A peer keeps its id and joining time over its sessions. Only the ticket of its previous session proves them. */
  async #identify(
    { previousSession }: JoinRequest,
    claims: TicketClaims,
  ): Promise<PeerIdentity & { isReturning: boolean }> {
    const { keys, now } = this.#options;
    const options = { claims, issuer: keys.issuer, now };
    const previous = previousSession && (await verifyPreviousSession(keys, previousSession, options));
    if (!previous || previous.joinedAtMs === undefined)
      return { peerId: randomId(), joinedAtMs: now(), isReturning: false };
    return { peerId: previous.peer, joinedAtMs: previous.joinedAtMs, isReturning: true };
  }

  /**
   * After a standstill of this process, a join may still arrive with a lease that another node has got since. The registry has told
   * which of the rooms that were here then are lost; about any other room it is asked before a peer is admitted.
   *
   * @throws {FairleadError} `lease_lost`, `core_full`, `node_draining`.
   */
  async openRoom(settings: RoomSettings): Promise<Room> {
    const { rooms, revalidation, untilTold } = this.#options;
    const room = await rooms.open(settings);
    // The standstill may have happened while the room was opened.
    if (revalidation.isDue) await revalidation.pass();
    if (!revalidation.isUncertain(room.openedMs)) return room;
    await untilTold(room.openedMs);
    if (!rooms.isHere(room)) throw new FairleadError("lease_lost");
    return room;
  }

  /** @throws {FairleadError} `core_full`. */
  #assertCapacity({ lease }: NodeCallRequest<"room.join">): void {
    const { rooms, seating } = this.#options;
    const isHere = rooms.roomIfHere(lease.roomId) !== undefined;
    if (isHere && seating.isFull) throw new FairleadError("core_full", CORE_SATURATED);
    if (!this.isNodeFull) return;
    // Another node may take the room, unless the last peer that found a place is opening it here.
    if (!isHere && !rooms.isOpening(lease.roomId)) rooms.release(lease);
    throw new FairleadError("core_full", NODE_FULL);
  }

  #reply({ room, peer }: PeerInRoom, connection: number): JoinReply {
    const { session } = peer;
    return {
      sessionId: session.sessionId,
      peerId: peer.peerId,
      joinedAtMs: peer.info.joinedAtMs,
      roomId: room.roomId,
      epoch: session.epoch,
      connection,
      position: startOf(peer),
      grants: peer.grants,
      ...(peer.isViewer ? {} : { sendTransport: offerOf(peer.sendTransport) }),
      receiveTransport: offerOf(peer.transports.receive),
      iceServers: room.deps.iceServersFor(peer.identity),
      graceMs: this.#options.graceMs,
      acksByPing: true,
      confirmsData: true,
      // next build: reply of a join
    };
  }
}

/** @throws {FairleadError} `capabilities_mismatch`, with the fresh ones. */
function assertCapabilities(join: JoinRequest, capabilities: Capabilities): void {
  if (join.capabilitiesVersion !== capabilities.version)
    throw new FairleadError("capabilities_mismatch", { detail: { capabilities } });
}

function startOf({ session }: Peer): string {
  return formatPosition({ epoch: session.epoch, sequence: 0 });
}
