import {
  type Capabilities,
  type CodecPolicy,
  capabilitiesOf,
  FairleadError,
  formatPosition,
  type JoinReply,
  type Lease,
  mediaCodecs,
  type NodeCallRequest,
  randomId,
  SESSIONS_ALIVE_INTERVAL_MS,
  type TicketClaims,
} from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import { verifyAdmission } from "@fairlead/tickets";
import type { types } from "mediasoup";
import { type AdmissionKeys, assertCapabilities } from "./admit-peer.ts";
import { whileAlive } from "./call-mediasoup.ts";
import { offerOf, type Peer } from "./room/peer.ts";
import { Room, type RoomDeps, type RoomSettings } from "./room/room.ts";
import type { Core } from "./worker/core.ts";

export type RoomsOptions = {
  incarnation: string;
  cores: readonly Core[];
  registry: Registry;
  keys: AdmissionKeys;
  codecPolicy: CodecPolicy;
  graceMs: number;
  bus: RoomDeps["bus"];
  log: Logger;
  now: () => number;
  /** The peer that the debit was made for has come. */
  onArrival: (debitId: string) => void;
  /** It was not let in, so its debit stands for nothing. */
  onRefusal: (debitId: string) => void;
};

/**
 * Above this CPU share a core takes nobody more. Up to 0.7 nothing is late, from 0.99 on the publishers' packets are lost
 * and everybody on the core suffers (`npm run bench -- saturation`).
 */
const FULL_LOAD = 0.95;
const SATURATED = { message: "the core is saturated" };
/** Sweeps are a fraction of this apart: with a longer pause between two, the process did not run. */
const STANDSTILL_MS = 2_000;
/** Longer than a join with an old lease may be on its way, and a relocation take. */
const GIVEN_UP_KEPT_MS = 60_000;
/** So many proofs of life may be lost before a session counts as silent. */
const MISSED_PROOFS = 3;

/** The rooms that this node serves, by room id; the one place that opens and closes them. */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #rooms = new Map<string, Room>();
  /** Rooms that are being opened, so that joins at once share one. */
  readonly #opening = new Map<string, Promise<Room>>();
  /** Joins that are being answered, by ticket and join id. */
  readonly #joining = new Map<string, Promise<JoinReply>>();
  readonly #peersBySession = new Map<string, Peer>();
  /** Leases that this node gave up, by room: joins that still come with one must not open the room again here. */
  readonly #givenUp = new Map<string, { epoch: number; atMs: number }>();
  readonly #capabilities: Capabilities;
  #sweptAtMs: number;

  constructor(options: RoomsOptions) {
    this.#options = options;
    this.#capabilities = capabilitiesOf(options.codecPolicy);
    this.#sweptAtMs = options.now();
  }

  all(): Room[] {
    return [...this.#rooms.values()];
  }

  onCore(core: number): Room[] {
    return this.all().filter((room) => room.lease.core === core);
  }

  roomIfHere(roomId: string): Room | undefined {
    return this.#rooms.get(roomId);
  }

  peerIfHere(sessionId: string): Peer | undefined {
    const peer = this.#peersBySession.get(sessionId);
    return peer?.isClosed ? undefined : peer;
  }

  /** @throws {FairleadError} `session_gone`: never here, left, or moved away. */
  peerOf(sessionId: string, epoch?: number): Peer {
    const peer = this.peerIfHere(sessionId);
    if (!peer || (epoch !== undefined && peer.session.epoch !== epoch))
      throw new FairleadError("session_gone");
    return peer;
  }

  /** @throws {FairleadError} `room_not_found`; `lease_lost` when the caller knows another epoch. */
  room(roomId: string, epoch: number): Room {
    const room = this.#rooms.get(roomId);
    if (!room) throw new FairleadError("room_not_found");
    if (room.lease.epoch !== epoch) throw new FairleadError("lease_lost");
    return room;
  }

  /**
   * Verifies the ticket, opens the room if it is not, and admits the peer; its events follow.
   * @throws {FairleadError} `ticket_*`, `capabilities_mismatch`, `lease_lost`, `core_full`, `room_full`, `duplicate_identity`.
   */
  async join(request: NodeCallRequest<"room.join">): Promise<JoinReply> {
    try {
      return await this.#joinOnce(request);
    } catch (error) {
      this.#options.onRefusal(request.debitId);
      throw error;
    }
  }

  async #joinOnce(request: NodeCallRequest<"room.join">): Promise<JoinReply> {
    const { join, lease } = request;
    const { keys, now } = this.#options;
    const claims = await verifyAdmission(keys, join, { room: lease.roomId, issuer: keys.issuer, now });
    assertCapabilities(join, this.#capabilities);
    // The same join again, of a client that had no answer: after the first one, not beside it.
    const id = `${claims.jti} ${join.joinId}`;
    const admit = () => this.#admit(request, claims);
    const joined = (this.#joining.get(id) ?? Promise.resolve()).then(admit, admit);
    this.#joining.set(id, joined);
    return joined.finally(() => this.#joining.get(id) === joined && this.#joining.delete(id));
  }

  async #admit(request: NodeCallRequest<"room.join">, claims: TicketClaims): Promise<JoinReply> {
    const { join, lease, options, mutes } = request;
    const known = this.#rooms.get(lease.roomId);
    const earlier =
      known &&
      [...known.peers.values()].find((peer) => peer.joinId === join.joinId && peer.ticketId === claims.jti);
    // The first join's answer was lost: the same one again, and the events from the start.
    if (earlier) {
      this.#options.onRefusal(request.debitId);
      return this.#rejoin(earlier);
    }
    if (known && this.#isSaturated(lease.core)) throw new FairleadError("core_full", SATURATED);
    const room = await this.open({ lease, options, mutes });
    this.#options.onArrival(request.debitId);
    const admission = { join, claims, peerId: randomId(), sessionId: request.sessionId };
    const peer = await whileAlive(room.router, () => room.admit(admission));
    this.#peersBySession.set(request.sessionId, peer);
    // Its events come after its answer, which a call in this turn of the event loop can't overtake.
    setImmediate(() => room.welcome(peer));
    return this.#reply(peer, peer.session.connection);
  }

  /** @throws {FairleadError} `lease_lost`, `core_full`. */
  async open(settings: RoomSettings): Promise<Room> {
    const { lease } = settings;
    this.#assertMine(lease);
    const opening = this.#opening.get(lease.roomId);
    const room = opening ? await opening.catch(() => undefined) : this.#rooms.get(lease.roomId);
    if (room && room.lease.epoch > lease.epoch) throw new FairleadError("lease_lost");
    if (room && room.lease.epoch === lease.epoch && !room.router.closed) return room;
    if (this.#opening.has(lease.roomId)) return this.open(settings);
    if (room) this.abandon(room);
    const fresh = this.#openFresh(settings).finally(() => this.#opening.delete(lease.roomId));
    this.#opening.set(lease.roomId, fresh);
    return fresh;
  }

  attach({ sessionId, epoch, position }: NodeCallRequest<"session.attach">): { connection: number } {
    return { connection: this.peerOf(sessionId, epoch).session.attach(position) };
  }

  /** Closes a room for everybody and gives its lease back. */
  close(room: Room, message: string): void {
    this.#forget(room);
    room.close("room_closed", message);
    this.#options.log.info("room.closed", { roomId: room.roomId, message });
    this.#release(room.lease);
  }

  /** The node stops: the peers may join anew, elsewhere if there is another node. */
  stop(room: Room): void {
    this.#forget(room);
    room.close("session_gone", "the node stops");
  }

  /** Drops a room that another core or node serves now, or that died with its worker. */
  abandon(room: Room): void {
    this.#forget(room);
    room.abandon();
    this.#options.log.info("room.abandoned", { roomId: room.roomId, epoch: room.lease.epoch });
  }

  /** Frees peers past their grace time and rooms past their empty time. Called a few times a second. */
  sweep(): void {
    const nowMs = this.#options.now();
    // This process stood still, or its bus was away: what proves its peers' lives is unread or never came.
    if (nowMs - this.#sweptAtMs > STANDSTILL_MS) this.forgiveSilence();
    this.#sweptAtMs = nowMs;
    for (const room of this.all()) {
      for (const peer of [...room.peers.values()]) {
        peer.session.tick();
        if (peer.session.silentMs > this.#patienceMs(peer))
          room.remove(peer, "disconnected", "session_gone", "no sign of life");
      }
      if (room.peers.size === 0 && room.emptyMs > room.options.emptyTimeoutMs) this.close(room, "empty");
    }
    for (const [sessionId, peer] of this.#peersBySession)
      if (peer.isClosed) this.#peersBySession.delete(sessionId);
    for (const [roomId, { atMs }] of this.#givenUp)
      if (nowMs - atMs > GIVEN_UP_KEPT_MS) this.#givenUp.delete(roomId);
  }

  /** Nobody could have proved that a peer lives: every grace time starts anew. */
  forgiveSilence(): void {
    for (const room of this.all()) for (const peer of room.peers.values()) peer.session.forgiveSilence();
  }

  /** Proofs of life of a session with a socket are seconds apart: a grace time below that counts once it has none. */
  #patienceMs({ session }: Peer): number {
    const { graceMs } = this.#options;
    return session.isAttached ? Math.max(graceMs, MISSED_PROOFS * SESSIONS_ALIVE_INTERVAL_MS) : graceMs;
  }

  async #openFresh(settings: RoomSettings): Promise<Room> {
    const { lease } = settings;
    const core = this.#options.cores[lease.core];
    if (!core?.running || this.#isSaturated(lease.core)) {
      this.#release(lease);
      throw core?.running
        ? new FairleadError("core_full", SATURATED)
        : new FairleadError("lease_lost", { message: "the core's worker is away" });
    }
    const codecs = mediaCodecs(this.#options.codecPolicy) as types.RouterRtpCodecCapability[];
    const { running } = core;
    const room = await whileAlive(running.worker, () =>
      Room.open(settings, running, codecs, this.#roomDeps(lease.roomId)),
    );
    this.#rooms.set(lease.roomId, room);
    this.#options.log.info("room.opened", { roomId: lease.roomId, core: lease.core, epoch: lease.epoch });
    return room;
  }

  #isSaturated(core: number): boolean {
    return (this.#options.cores[core]?.load ?? 0) > FULL_LOAD;
  }

  #assertMine({ incarnation, roomId, epoch }: Lease): void {
    const givenUp = this.#givenUp.get(roomId);
    const isMine = incarnation === this.#options.incarnation && !(givenUp && epoch <= givenUp.epoch);
    if (!isMine) throw new FairleadError("lease_lost");
  }

  #rejoin(peer: Peer): JoinReply {
    return this.#reply(peer, peer.session.attach(formatPosition({ epoch: peer.session.epoch, sequence: 0 })));
  }

  #reply(peer: Peer, connection: number): JoinReply {
    const { room, session } = peer;
    return {
      sessionId: session.sessionId,
      peerId: peer.peerId,
      roomId: room.roomId,
      epoch: session.epoch,
      connection,
      position: formatPosition({ epoch: session.epoch, sequence: 0 }),
      grants: peer.grants,
      sendTransport: offerOf(peer.transports.send),
      receiveTransport: offerOf(peer.transports.receive),
      iceServers: [],
      graceMs: this.#options.graceMs,
    };
  }

  #roomDeps(roomId: string): RoomDeps {
    const { bus, log, now, registry } = this.#options;
    return { bus, log, now, record: (patch) => registry.updateRoom(roomId, patch) };
  }

  #forget(room: Room): void {
    this.#givenUp.set(room.roomId, { epoch: room.lease.epoch, atMs: this.#options.now() });
    if (this.#rooms.get(room.roomId) === room) this.#rooms.delete(room.roomId);
    for (const peer of room.peers.values()) this.#peersBySession.delete(peer.session.sessionId);
  }

  #release(lease: Lease): void {
    void this.#options.registry
      .release(lease)
      .catch((error) => this.#options.log.warn("lease.release_failed", { roomId: lease.roomId, error }));
  }
}
