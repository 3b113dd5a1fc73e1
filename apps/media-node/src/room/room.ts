import {
  type ErrorCode,
  FairleadError,
  type Lease,
  type LeaveReason,
  type PeerInfo,
  type RoomEvent,
  type RoomOptions,
  type RoomRecord,
  type Transient,
} from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { types } from "mediasoup";
import { broadcastEvent, broadcastTransient } from "../session/broadcast.ts";
import type { Session } from "../session/session.ts";
import { Arrivals } from "./arrivals.ts";
import { Bans } from "./bans.ts";
import { adviseBitrate, maxIncomingBitrateBps } from "./incoming-bitrate.ts";
import { Mutes } from "./mutes.ts";
import { PacedQueue } from "./paced-queue.ts";
import type { Peer } from "./peer.ts";
import type { Publisher } from "./publisher.ts";
import type { RoomDeps, RoomSettings } from "./room-deps.ts";
import type { Seat } from "./seat.ts";
import type { Sender } from "./sender.ts";
import { Span } from "./span.ts";
import { Speakers } from "./speakers.ts";
import type { Viewer } from "./viewer.ts";

/** A peer with the room that it is in. */
export type PeerInRoom = { room: Room; peer: Peer };

export type SeatInRoom = { room: Room; seat: Seat };
export type SenderInRoom = { room: Room; peer: Sender };

const REPLACED = "the same identity joined again";

/** The roster of one session of peers: who is in, the rules, and what everybody is told. Media sits on its seats. */
export class Room {
  readonly mutes: Mutes;
  readonly bans: Bans;
  readonly deps: RoomDeps;
  readonly peers = new Map<string, Peer>();
  readonly publishers = new Map<string, Publisher>();
  readonly viewers = new Map<string, Viewer>();
  readonly arrivals: Arrivals;
  /** Where the media of its peers sits. */
  readonly span: Span;
  readonly speakers: Speakers;
  /** What peers get without asking for it. */
  readonly queue = new PacedQueue((error) =>
    this.log.error("paced_queue.failed", { roomId: this.roomId, error }),
  );
  readonly openedMs: number;
  /** The registry has not confirmed the lease, which this node claimed by itself. */
  isLocal: boolean;
  /** The room record was unreadable when the lease was claimed, so options and mutes are guesses. */
  #isBlind: boolean;
  #lease: Lease;
  #options: RoomOptions;
  #emptySinceMs: number;

  constructor(settings: RoomSettings, home: Seat, deps: RoomDeps) {
    this.#lease = settings.lease;
    this.#options = settings.options;
    this.isLocal = settings.isLocal === true;
    this.#isBlind = this.isLocal;
    this.mutes = new Mutes(settings.mutes);
    this.bans = settings.bans ?? new Bans();
    this.deps = deps;
    this.openedMs = deps.now();
    this.#emptySinceMs = this.openedMs;
    this.arrivals = new Arrivals(
      () => this.#sessions(),
      (event, to) => broadcastEvent(deps.bus, to, event),
    );
    this.speakers = new Speakers({
      senderOf: (producer) => this.#senderOf(producer),
      seatOf: (peerId) => this.sender(peerId)?.seat,
      tellLevels: (levels) => this.#broadcastTransient({ name: "audio.levels", data: { levels } }),
      tellSpeaker: (peerId) => this.broadcast({ name: "speaker.changed", data: { peerId } }),
      now: deps.now,
    });
    this.span = new Span(home, {
      ...deps,
      onOpened: (seat) => this.speakers.listen(seat),
      onGone: (seat) => this.speakers.forget(seat),
      onError: (error) => this.log.warn("pipe.failed", { roomId: this.roomId, error }),
    });
  }

  get roomId(): string {
    return this.#lease.roomId;
  }

  get lease(): Lease {
    return this.#lease;
  }

  get options(): RoomOptions {
    return this.#options;
  }

  get log(): Logger {
    return this.deps.log;
  }

  /** Its media is gone: it was closed, or the worker of its home died. */
  get isClosed(): boolean {
    return this.span.home.closed;
  }

  /** The peer that speaks loudest; null while nobody speaks. */
  get speakerId(): string | null {
    return this.speakers.speakerId;
  }

  /** How long nobody has been here, ms; 0 with peers or publishers. Viewers alone hold no room. */
  get emptyMs(): number {
    return this.#isHeld ? 0 : this.deps.now() - this.#emptySinceMs;
  }

  /** The peer or publisher of that id. */
  sender(peerId: string): Sender | undefined {
    return this.peers.get(peerId) ?? this.publishers.get(peerId);
  }

  /** Its peers and publishers. */
  senders(): Sender[] {
    return [...this.peers.values(), ...this.publishers.values()];
  }

  /** Somebody has left: nobody may be here from now on. */
  noteLeft(): void {
    if (!this.#isHeld) this.#emptySinceMs = this.deps.now();
  }

  /** The worker of its home died: the room goes on here, with its media at another seat. */
  settleOn(seat: Seat): void {
    this.span.settleOn(seat);
    this.#lease = { ...this.#lease, core: seat.core };
  }

  /** The room goes on under a higher epoch. Sessions keep the one that they were admitted under. */
  renew(lease: Lease): void {
    if (lease.epoch <= this.#lease.epoch) return;
    this.#lease = lease;
    this.isLocal = false;
  }

  /** Applies what the registry's record says beyond what came with the lease. */
  noteRecord(record: RoomRecord): void {
    this.bans.noteRecord(record);
    // Banned peers may have come in before this node knew.
    for (const peer of this.peers.values())
      if (this.bans.has(peer)) this.remove(peer, "removed", "peer_removed", "banned from the room");
    if (!this.#isBlind) return;
    this.#isBlind = false;
    this.#options = record.options;
    for (const { identity, source } of record.mutes) this.mutes.set(identity, source, true);
  }

  /** Peers that are in already stay, whatever the options say. */
  setOptions(options: RoomOptions): void {
    const isNewBitrate = maxIncomingBitrateBps(options) !== maxIncomingBitrateBps(this.#options);
    this.#options = options;
    for (const peer of this.peers.values())
      if (isNewBitrate && peer.producers.size > 0) adviseBitrate(options, peer);
  }

  /** Every peer but `peer`. */
  othersThan(peer: Sender): Peer[] {
    return [...this.peers.values()].filter((other) => other !== peer);
  }

  /** @throws {FairleadError} `peer_not_found`. */
  peer(peerId: string): Peer {
    const peer = this.peers.get(peerId);
    if (!peer) throw new FairleadError("peer_not_found");
    return peer;
  }

  peerOfIdentity(identity: string): Peer | undefined {
    return [...this.peers.values()].find((peer) => peer.identity === identity);
  }

  /** The peer is in, and the others are told. An older peer of its identity makes way for it. */
  add(peer: Peer): void {
    const older = this.peerOfIdentity(peer.identity);
    // The others have this peer still: they are told of no leave, and of a joining only where that says something new.
    const isItself = older?.peerId === peer.peerId;
    if (older && !isItself) this.remove(older, "replaced", "session_replaced", REPLACED);
    if (older && isItself) this.#take(older, "session_replaced", REPLACED);
    if (!older || !isItself || !isSameInfo(older.info, peer.info))
      this.arrivals.add(peer.info, this.peers.size);
    this.peers.set(peer.peerId, peer);
    const { roomId, lease, peers } = this;
    const { peerId } = peer;
    this.log.info("peer.joined", {
      roomId,
      peerId,
      epoch: lease.epoch,
      peers: peers.size,
      returned: isItself,
    });
  }

  /**
   * Frees the peer and tells the others. Does nothing for one that is not in the room any more, also where a newer peer has its id.
   * @param code What its own client is told; null: nothing, it left by itself.
   */
  remove(peer: Peer, reason: LeaveReason, code: ErrorCode | null, message = ""): void {
    const { peerId } = peer;
    if (!this.#take(peer, code, message)) return;
    this.broadcast({ name: "peer.left", data: { peerId, reason } });
    this.deps.counters.count("peer.left", reason);
    this.log.info("peer.left", { roomId: this.roomId, peerId, reason, peers: this.peers.size });
  }

  /**
   * The peer's media is gone and its session ends, but it keeps its place: the others hear of no leave if it comes back within its grace
   * time, after which it is removed as any other without a sign of life.
   */
  strand(peer: Peer, code: ErrorCode, message: string): void {
    peer.session.end(code, message);
    peer.close();
    peer.consumersByProducer.clear();
    this.#closeMedia(peer);
  }

  /** To every peer, numbered and kept until acknowledged. */
  broadcast(event: RoomEvent): void {
    this.arrivals.tell();
    broadcastEvent(this.deps.bus, this.#sessions(), event);
  }

  /** The room is over for everybody. */
  close(code: ErrorCode, message: string): void {
    for (const peer of this.peers.values()) peer.session.end(code, message);
    this.#free();
  }

  /** The room lives elsewhere now: its peers are told there, or find out by their next command. */
  abandon(): void {
    for (const peer of this.peers.values()) peer.session.abandon();
    this.#free();
  }

  /** Frees the peer; the others are told that its media is gone. @returns Whether it was in the room. */
  #take(peer: Peer, code: ErrorCode | null, message: string): boolean {
    if (this.peers.get(peer.peerId) !== peer) return false;
    this.peers.delete(peer.peerId);
    if (code) peer.session.end(code, message);
    else peer.session.abandon();
    peer.close();
    this.noteLeft();
    this.#closeMedia(peer);
    return true;
  }

  #closeMedia({ peerId, producers }: Peer): void {
    this.speakers.handleLeft(peerId);
    const ids = [...producers.keys()];
    producers.clear();
    for (const producerId of ids) this.broadcast({ name: "producer.closed", data: { producerId } });
  }

  #free(): void {
    this.arrivals.close();
    for (const peer of this.peers.values()) peer.close();
    this.peers.clear();
    for (const publisher of this.publishers.values()) publisher.abandon();
    this.publishers.clear();
    this.span.close();
  }

  get #isHeld(): boolean {
    return this.peers.size + this.publishers.size > 0;
  }

  /** Undefined for a producer whose peer has left, or has come back without it. */
  #senderOf(producer: types.Producer): Sender | undefined {
    const sender = this.sender(String(producer.appData.peerId));
    return sender?.producers.has(producer.id) ? sender : undefined;
  }

  /** To every peer that is there right now. */
  #broadcastTransient(transient: Transient): void {
    broadcastTransient(this.deps.bus, this.#sessions(), transient);
  }

  #sessions(): Session[] {
    return [...this.peers.values()].map(({ session }) => session);
  }
}

function isSameInfo(a: PeerInfo, b: PeerInfo): boolean {
  return (["name", "metadata", "joinedAtMs", "away"] as const).every((fact) => a[fact] === b[fact]);
}
