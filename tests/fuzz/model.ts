import { RoomOptions, type Source } from "@fairlead/protocol";

/** The claims of a ticket that make a peer. */
export type Admitted = { room: string; identity: string; ticketId: string };
export type ModelProducer = { source: Source; paused: boolean };
export type ModelPeer = Admitted & {
  peerId: string;
  sessionId: string;
  producers: Map<string, ModelProducer>;
  dataProducers: Set<string>;
};

type SessionName = { room: string; peerId: string; sessionId: string };

type ModelRoom = {
  options: RoomOptions;
  /** Identity → ids of the tickets that were banned with it. */
  bans: Map<string, Set<string>>;
  /** `identity source`. */
  mutes: Set<string>;
  peers: Map<string, ModelPeer>;
};

/** One room as the model has it, and as the API and the registry tell it. */
export type RoomFacts = {
  options: RoomOptions;
  bannedIdentities: string[];
  bannedTicketIds: string[];
  mutes: string[];
  /** `peerId identity`. */
  peers: string[];
  /** `peerId producerId source paused muted`. */
  producers: string[];
};

/**
 * The rooms as they should be if every success has happened, and nothing else has. It knows none of the
 * product's code but the defaults of a room.
 */
export class Model {
  readonly #rooms = new Map<string, ModelRoom>();

  get roomIds(): string[] {
    return [...this.#rooms.keys()].sort();
  }

  peersOf(room: string): ModelPeer[] {
    return [...this.#room(room).peers.values()];
  }

  peer(room: string, peerId: string): ModelPeer | undefined {
    return this.#room(room).peers.get(peerId);
  }

  /** The peer, if this is its session: a peer that joins anew may keep its id, and its older session is over. */
  peerOfSession({ room, peerId, sessionId }: SessionName): ModelPeer | undefined {
    const peer = this.peer(room, peerId);
    return peer?.sessionId === sessionId ? peer : undefined;
  }

  isBanned({ room, identity, ticketId }: Admitted): boolean {
    const { bans } = this.#room(room);
    return bans.has(identity) || [...bans.values()].some((tickets) => tickets.has(ticketId));
  }

  wrote(room: string, options: RoomOptions): void {
    this.#room(room).options = options;
  }

  closed(room: string): void {
    this.#room(room).peers.clear();
  }

  /**
   * The newest peer of an identity replaces the older; the same join again is the same session. A peer may come back under its
   * own id, with nothing published.
   */
  joined(admitted: Admitted, { peerId, sessionId }: { peerId: string; sessionId: string }): void {
    const { peers } = this.#room(admitted.room);
    const present = peers.get(peerId);
    if (present?.sessionId === sessionId) return;
    if (present && present.identity !== admitted.identity)
      throw new Error(`${peerId} is ${present.identity}, and was given to ${admitted.identity}`);
    for (const older of [...peers.values()])
      if (older.identity === admitted.identity) peers.delete(older.peerId);
    peers.set(peerId, { ...admitted, peerId, sessionId, producers: new Map(), dataProducers: new Set() });
  }

  /** Nothing where the session is over already: its peer may be in by another one. */
  left(session: SessionName): void {
    if (this.peerOfSession(session)) this.#room(session.room).peers.delete(session.peerId);
  }

  removed(room: string, peerId: string, ban: boolean): void {
    const { peers, bans } = this.#room(room);
    const peer = peers.get(peerId);
    peers.delete(peerId);
    if (!peer || !ban) return;
    bans.set(peer.identity, (bans.get(peer.identity) ?? new Set()).add(peer.ticketId));
  }

  banned(room: string, identity: string): void {
    const { bans } = this.#room(room);
    if (!bans.has(identity)) bans.set(identity, new Set());
    for (const peer of this.peersOf(room))
      if (peer.identity === identity) this.removed(room, peer.peerId, true);
  }

  unbanned(room: string, identity: string): void {
    this.#room(room).bans.delete(identity);
  }

  muted(room: string, peerId: string, mute: { source: Source; muted: boolean }): void {
    const { mutes } = this.#room(room);
    const peer = this.peer(room, peerId);
    if (!peer) throw new Error(`the model has no peer ${peerId} in ${room}`);
    const key = `${peer.identity} ${mute.source}`;
    if (mute.muted) mutes.add(key);
    else mutes.delete(key);
    for (const producer of peer.producers.values())
      if (mute.muted && producer.source === mute.source) producer.paused = true;
  }

  isMuted({ room, identity, producers }: ModelPeer, producerId: string): boolean {
    return this.#room(room).mutes.has(`${identity} ${producers.get(producerId)?.source}`);
  }

  produced(peer: ModelPeer, producerId: string, { source, paused }: ModelProducer): void {
    const isMuted = this.#room(peer.room).mutes.has(`${peer.identity} ${source}`);
    peer.producers.set(producerId, { source, paused: paused || isMuted });
  }

  /** A room of which nothing was said is like one that never was. */
  factsOf(room: string): RoomFacts {
    const { options, bans, mutes, peers } = this.#room(room);
    return {
      options,
      bannedIdentities: [...bans.keys()].sort(),
      bannedTicketIds: [...new Set([...bans.values()].flatMap((tickets) => [...tickets]))].sort(),
      mutes: [...mutes].sort(),
      peers: [...peers.values()].map(({ peerId, identity }) => `${peerId} ${identity}`).sort(),
      producers: [...peers.values()]
        .flatMap((peer) =>
          [...peer.producers].map(([id, { source, paused }]) => {
            const muted = mutes.has(`${peer.identity} ${source}`);
            return `${peer.peerId} ${id} ${source} ${paused} ${muted}`;
          }),
        )
        .sort(),
    };
  }

  #room(room: string): ModelRoom {
    const known = this.#rooms.get(room);
    if (known) return known;
    const fresh: ModelRoom = {
      options: RoomOptions.parse({}),
      bans: new Map(),
      mutes: new Set(),
      peers: new Map(),
    };
    this.#rooms.set(room, fresh);
    return fresh;
  }
}
