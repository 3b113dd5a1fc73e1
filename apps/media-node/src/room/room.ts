import type { Bus } from "@fairlead/bus";
import {
  type ErrorCode,
  FairleadError,
  type IceServer,
  type Lease,
  type LeaveReason,
  type Mute,
  type RoomEvent,
  type RoomOptions,
  type RoomRecord,
  type Source,
  type TicketClaims,
  type Transient,
} from "@fairlead/protocol";
import type { RoomPatch } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { types } from "mediasoup";
import { act } from "../commands/act.ts";
import type { MoveCause } from "../lease/tell-moved.ts";
import { Session } from "../session/session.ts";
import type { RunningWorker } from "../worker/start-worker.ts";
import { Bans } from "./bans.ts";
import { Mutes } from "./mutes.ts";
import { openTransports } from "./open-transports.ts";
import { type Admission, Peer } from "./peer.ts";
import { snapshotFor } from "./room-events.ts";
import { openObservers } from "./speaker-observers.ts";
import { subscribeToAll, subscribeToAllData } from "./subscribe.ts";

export type RoomDeps = {
  bus: Bus;
  log: Logger;
  now: () => number;
  /** Writes a moderation act into the room record, which outlives this node; later, if the registry is away. */
  record: (patch: RoomPatch) => Promise<void>;
  /** With credentials that are made at each call. */
  iceServersFor: (identity: string) => IceServer[];
};

export type RoomSettings = {
  lease: Lease;
  options: RoomOptions;
  mutes: readonly Mute[];
  /** Claimed by this node, because the registry was away. */
  isLocal?: boolean;
  /** Known from the room's last life here. */
  bans?: Bans;
  /** Of its move here. */
  cause?: MoveCause;
};

/** One session of peers on one router of one core. */
export class Room {
  readonly mutes: Mutes;
  readonly bans: Bans;
  readonly router: types.Router;
  readonly deps: RoomDeps;
  readonly peers = new Map<string, Peer>();
  readonly openedMs: number;
  readonly observers: { levels: types.AudioLevelObserver; speaker: types.ActiveSpeakerObserver };
  /** The dominant speaker; null while nobody speaks. */
  speakerId: string | null = null;
  /** The registry has not confirmed the lease, which this node claimed by itself. */
  isLocal: boolean;
  /** Nobody could tell what the room record says when the lease was claimed. */
  #isBlind: boolean;
  #lease: Lease;
  #options: RoomOptions;
  #emptySinceMs: number;
  readonly #webRtcServer: types.WebRtcServer;

  private constructor(
    settings: RoomSettings,
    router: types.Router,
    running: RunningWorker,
    observers: Room["observers"],
    deps: RoomDeps,
  ) {
    this.#lease = settings.lease;
    this.#options = settings.options;
    this.isLocal = settings.isLocal === true;
    this.#isBlind = this.isLocal;
    this.mutes = new Mutes(settings.mutes);
    this.bans = settings.bans ?? new Bans();
    this.router = router;
    this.observers = observers;
    this.deps = deps;
    this.#webRtcServer = running.webRtcServer;
    this.openedMs = deps.now();
    this.#emptySinceMs = this.openedMs;
  }

  static async open(
    settings: RoomSettings,
    running: RunningWorker,
    mediaCodecs: types.RouterRtpCodecCapability[],
    deps: RoomDeps,
  ): Promise<Room> {
    const owner = { core: settings.lease.core, roomId: settings.lease.roomId };
    const router = await running.worker.createRouter({ mediaCodecs, appData: { owner } });
    const observers = await openObservers(router, owner);
    const room = new Room(settings, router, running, observers.observers, deps);
    observers.listen(room);
    return room;
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

  /** How long nobody has been here, ms; 0 with peers. */
  get emptyMs(): number {
    return this.peers.size > 0 ? 0 : this.deps.now() - this.#emptySinceMs;
  }

  counts(): { peers: number; producers: number; consumers: number } {
    const peers = [...this.peers.values()];
    return {
      peers: peers.length,
      producers: peers.reduce((sum, peer) => sum + peer.producers.size, 0),
      consumers: peers.reduce((sum, peer) => sum + peer.consumersByProducer.size, 0),
    };
  }

  /** The room goes on under a higher epoch. Sessions keep the one that they were admitted under. */
  renew(lease: Lease): void {
    if (lease.epoch <= this.#lease.epoch) return;
    this.#lease = lease;
    this.isLocal = false;
  }

  /** What the registry's record says beyond what came with the lease. */
  noteRecord(record: RoomRecord): void {
    this.bans.noteRecord(record);
    // They came in before this node knew.
    for (const peer of this.peers.values())
      if (this.bans.has(peer)) this.remove(peer, "removed", "peer_removed", "banned from the room");
    if (!this.#isBlind) return;
    this.#isBlind = false;
    this.#options = record.options;
    for (const { identity, source } of record.mutes) this.mutes.set(identity, source, true);
  }

  /** Who is in already stays, whatever they say. */
  setOptions(options: RoomOptions): void {
    this.#options = options;
  }

  /** Everybody but `peer`. */
  othersThan(peer: Peer): Peer[] {
    return [...this.peers.values()].filter((other) => other !== peer);
  }

  /**
   * Admits a peer: both transports, its session, and the events that tell it and the others.
   * @throws {FairleadError} `banned`, `room_full`, `duplicate_identity`; `lease_lost` if the room went meanwhile.
   */
  async admit(admission: Admission): Promise<Peer> {
    this.#assertAdmissible(admission.claims);
    const owner = { core: this.lease.core, roomId: this.roomId, peerId: admission.peerId };
    const transports = await openTransports(this.router, this.#webRtcServer, owner);
    // While the transports were made, somebody of the same identity may have come in, or the room may have gone.
    try {
      this.#assertAdmissible(admission.claims);
      if (this.router.closed) throw new FairleadError("lease_lost");
    } catch (error) {
      transports.send.close();
      transports.receive.close();
      throw error;
    }
    const older = this.#peerOf(admission.claims.sub);
    if (older) this.remove(older, "replaced", "session_replaced", "the same identity joined again");
    const peer: Peer = new Peer(
      this,
      { ...admission, transports, session: this.#openSession(admission, () => peer) },
      this.deps.now(),
    );
    this.broadcast({ name: "peers.joined", data: { peers: [peer.info] } });
    this.peers.set(peer.peerId, peer);
    const { roomId } = this;
    this.log.info("peer.joined", {
      roomId,
      peerId: peer.peerId,
      epoch: this.lease.epoch,
      peers: this.peers.size,
    });
    return peer;
  }

  /** The peer's half of the join is on its way: its state, then a consumer for each producer. */
  welcome(peer: Peer): void {
    peer.session.start();
    // next build: a peer is in the room
    if (peer.isAutoSubscribed) subscribeToAll(peer);
    subscribeToAllData(peer);
  }

  /** To every peer, numbered and kept until acknowledged. */
  broadcast(event: RoomEvent): void {
    for (const peer of this.peers.values()) peer.session.send(event);
  }

  /** To every peer that is there right now. */
  broadcastTransient(transient: Transient): void {
    for (const peer of this.peers.values()) peer.session.sendTransient(transient);
  }

  sourceOf(producer: types.Producer): Source {
    return producer.appData.source as Source;
  }

  /** @throws {FairleadError} `peer_not_found`. */
  peer(peerId: string): Peer {
    const peer = this.peers.get(peerId);
    if (!peer) throw new FairleadError("peer_not_found");
    return peer;
  }

  /** Frees the peer and tells the others. @param code What its own client is told; null: nothing, it left by itself. */
  remove(peer: Peer, reason: LeaveReason, code: ErrorCode | null, message = ""): void {
    if (!this.peers.delete(peer.peerId)) return;
    if (code) peer.session.end(code, message);
    else peer.session.abandon();
    peer.close();
    if (this.peers.size === 0) this.#emptySinceMs = this.deps.now();
    if (this.speakerId === peer.peerId) this.setSpeaker(null);
    for (const producerId of peer.producers.keys())
      this.broadcast({ name: "producer.closed", data: { producerId } });
    this.broadcast({ name: "peer.left", data: { peerId: peer.peerId, reason } });
    this.log.info("peer.left", { roomId: this.roomId, peerId: peer.peerId, reason, peers: this.peers.size });
  }

  setSpeaker(peerId: string | null): void {
    // The observers may still speak of one that has left.
    if (this.speakerId === peerId || (peerId !== null && !this.peers.has(peerId))) return;
    this.speakerId = peerId;
    this.broadcast({ name: "speaker.changed", data: { peerId } });
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

  #free(): void {
    for (const peer of this.peers.values()) peer.close();
    this.peers.clear();
    this.router.close();
  }

  #peerOf(identity: string): Peer | undefined {
    return [...this.peers.values()].find((peer) => peer.identity === identity);
  }

  /** The identity's older peer, if there is one, makes way for it. */
  #assertAdmissible({ sub: identity, jti }: TicketClaims): void {
    if (this.bans.has({ identity, ticketId: jti })) throw new FairleadError("banned");
    const older = this.#peerOf(identity);
    // A peer that comes back with its own ticket is no other one.
    if (older && older.ticketId !== jti && this.options.duplicateIdentity === "refuse")
      throw new FairleadError("duplicate_identity");
    const others = this.peers.size - (older ? 1 : 0);
    if (others >= this.options.maxPeers) throw new FairleadError("room_full");
  }

  #openSession(admission: Admission, peer: () => Peer): Session {
    return new Session({
      sessionId: admission.sessionId,
      epoch: this.lease.epoch,
      bus: this.deps.bus,
      now: this.deps.now,
      snapshot: () => snapshotFor(this, peer()),
      act: (command) => act(peer(), command),
    });
  }
}
