import type {
  ErrorCode,
  Lease,
  LeaveReason,
  RoomEvent,
  RoomOptions,
  RoomRecord,
  Transient,
} from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { types } from "mediasoup";
import { broadcastEvent, broadcastTransient } from "../session/broadcast.ts";
import type { Session } from "../session/session.ts";
import { Arrivals } from "./arrivals.ts";
import { Bans } from "./bans.ts";
import type { BroadcastView } from "./broadcast-view.ts";
import { adviseBitrate, maxIncomingBitrateBps } from "./incoming-bitrate.ts";
import { Mutes } from "./mutes.ts";
import { PacedQueue } from "./paced-queue.ts";
import { isSameInfo, type Peer } from "./peer.ts";
import { lingerOnSeat } from "./reseat.ts";
import type { RoomDeps, RoomSettings } from "./room-deps.ts";
import { Roster } from "./roster.ts";
import type { Seat } from "./seat.ts";
import type { Sender } from "./sender.ts";
import { Span } from "./span.ts";
import { Speakers } from "./speakers.ts";

/** A peer with the room that it is in. */
export type PeerInRoom = { room: Room; peer: Peer };

export type SeatInRoom = { room: Room; seat: Seat };
export type SenderInRoom = { room: Room; peer: Sender };

const REPLACED = "the same identity joined again";

/** One session of peers: who is in, the rules, and what everybody is told. Media sits on its seats. */
export class Room extends Roster {
  readonly mutes: Mutes;
  readonly bans: Bans;
  readonly deps: RoomDeps;
  /** Set once its record is read; null: it is none, or nobody knows yet. */
  broadcast: BroadcastView | null = null;
  readonly arrivals: Arrivals;
  /** Where the media of its peers sits. */
  readonly span: Span;
  readonly speakers: Speakers;
  readonly #noteFailure = (error: unknown) =>
    this.log.error("paced_queue.failed", { roomId: this.roomId, error });
  /** What peers get without asking for it. */
  readonly queue = new PacedQueue(this.#noteFailure);
  /** Of viewers that are to come anew. */
  readonly recalls = new PacedQueue(this.#noteFailure);
  readonly openedMs: number;
  /** The registry has not confirmed the lease, which this node claimed by itself. */
  isLocal: boolean;
  /** It is served elsewhere, and its media goes on here for those that have not gone there yet. */
  isLingering = false;
  /** The room record was unreadable when the lease was claimed, so options and mutes are guesses. */
  isBlind: boolean;
  #lease: Lease;
  #options: RoomOptions;
  #emptySinceMs: number;

  constructor(settings: RoomSettings, home: Seat, deps: RoomDeps) {
    super();
    this.#lease = settings.lease;
    this.#options = settings.options;
    this.isLocal = settings.isLocal === true;
    this.isBlind = this.isLocal;
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
      tellSpeaker: (peerId) => this.tell({ name: "speaker.changed", data: { peerId } }),
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

  /** Whoever is on the way in has to come in elsewhere. */
  get takesNobody(): boolean {
    return this.isClosed || this.isLingering;
  }

  /** The peer that speaks loudest; null while nobody speaks. */
  get speakerId(): string | null {
    return this.speakers.speakerId;
  }

  /** How long nobody has been here, ms; 0 with peers, publishers or viewers with a session. Viewers without one alone hold no room. */
  get emptyMs(): number {
    return this.#isHeld ? 0 : this.deps.now() - this.#emptySinceMs;
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
    for (const peer of this.members())
      if (this.bans.has(peer)) this.remove(peer, "removed", "peer_removed", "banned from the room");
    for (const one of [...this.publishers.values(), ...this.viewers.values()])
      if (one.identity !== null && this.bans.hasIdentity(one.identity)) one.close();
    this.mutes.learn(record.mutes);
    if (!this.isBlind) return;
    this.isBlind = false;
    this.#options = record.options;
  }

  /** Peers that are in already stay, whatever the options say. */
  setOptions(options: RoomOptions): void {
    const isNewBitrate = maxIncomingBitrateBps(options) !== maxIncomingBitrateBps(this.#options);
    this.#options = options;
    for (const peer of this.peers.values())
      if (isNewBitrate && peer.producers.size > 0) adviseBitrate(options, peer);
  }

  /** A viewer is in, and nobody is told. One that came back takes its own place. */
  addViewer(viewer: Peer): void {
    const older = this.audience.get(viewer.peerId);
    this.audience.set(viewer);
    if (older?.leavesSeat) lingerOnSeat(this, older);
    else older?.session.end("session_replaced", REPLACED);
    if (!older?.leavesSeat) older?.close();
  }

  /** The peer is in, and the others are told. An older peer of its identity makes way for it. */
  add(peer: Peer): void {
    const older = this.peerOfIdentity(peer.identity);
    // The others have this peer still: they are told of no leave, and of a joining only where that says something new.
    const isItself = older?.peerId === peer.peerId;
    if (older && !isItself) this.remove(older, "replaced", "session_replaced", REPLACED);
    if (older?.leavesSeat && isItself) lingerOnSeat(this, older);
    else if (older && isItself) this.#take(older, "session_replaced", REPLACED);
    if (!older || !isItself || !isSameInfo(older.info, peer.info))
      this.arrivals.add(peer.info, this.peers.size);
    this.peers.set(peer.peerId, peer);
    const { roomId, lease, peers } = this;
    const { peerId } = peer;
    const facts = { roomId, peerId, epoch: lease.epoch, peers: peers.size, returned: isItself };
    this.log.info("peer.joined", facts);
  }

  /**
   * Frees the peer and tells the others. Does nothing for one that is not in the room any more, also where a newer peer has its id.
   * @param code What its own client is told; null: nothing, it left by itself.
   */
  remove(peer: Peer, reason: LeaveReason, code: ErrorCode | null, message = ""): void {
    const { peerId } = peer;
    this.noteUnheard(peer, code);
    if (!this.#take(peer, code, message) || peer.isViewer) return;
    this.tell({ name: "peer.left", data: { peerId, reason } });
    this.deps.metrics.count("peer.left", reason);
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
  tell(event: RoomEvent): void {
    this.arrivals.tell();
    broadcastEvent(this.deps.bus, this.#sessions(), event);
  }

  /** The same, to viewers too that see nothing yet. */
  tellMembers(event: RoomEvent): void {
    this.arrivals.tell();
    const sessions = this.members().map(({ session }) => session);
    broadcastEvent(this.deps.bus, sessions, event);
  }

  /** The room is over for everybody. */
  close(code: ErrorCode, message: string): void {
    for (const peer of this.members()) peer.session.end(code, message);
    this.#free();
  }

  /** The room lives elsewhere now: its peers are told there, or find out by their next command. */
  abandon(): void {
    for (const peer of this.members()) peer.session.abandon();
    this.#free();
  }

  /** Frees the peer; the others are told that its media is gone. @returns Whether it was in the room. */
  #take(peer: Peer, code: ErrorCode | null, message: string): boolean {
    const { peerId, isViewer } = peer;
    if (this.member(peerId) !== peer) return false;
    if (isViewer) this.audience.delete(peer);
    else this.peers.delete(peerId);
    if (code) peer.session.end(code, message);
    else peer.session.abandon();
    peer.close();
    this.endLingering(peerId);
    this.noteLeft();
    this.#closeMedia(peer);
    return true;
  }

  #closeMedia({ peerId, producers }: Peer): void {
    this.speakers.handleLeft(peerId);
    const ids = [...producers.keys()];
    producers.clear();
    for (const producerId of ids) this.tell({ name: "producer.closed", data: { producerId } });
  }

  #free(): void {
    this.arrivals.close();
    for (const peer of [...this.members(), ...this.lingering.keys()]) peer.close();
    this.lingering.clear();
    this.peers.clear();
    this.audience.clear();
    for (const publisher of this.publishers.values()) publisher.abandon();
    this.publishers.clear();
    this.span.close();
  }

  get #isHeld(): boolean {
    return (
      this.peers.size + this.publishers.size + this.audience.size > 0 || this.broadcast?.holdsRoom === true
    );
  }

  /** Undefined for a producer whose peer has left, or has come back without it. */
  #senderOf(producer: types.Producer): Sender | undefined {
    const sender = this.sender(String(producer.appData.peerId));
    return sender?.producers.has(producer.id) ? sender : undefined;
  }

  /** To every peer that is there right now. */
  #broadcastTransient(transient: Transient): void {
    const sessions = [...this.peers.values()].map(({ session }) => session);
    broadcastTransient(this.deps.bus, sessions, transient);
  }

  #sessions(): Session[] {
    return this.listeners().map(({ session }) => session);
  }
}
