import { type ErrorCode, endsForGood, FairleadError } from "@fairlead/protocol";
import { Audience } from "./audience.ts";
import type { Peer } from "./peer.ts";
import type { Publisher } from "./publisher.ts";
import type { Seat } from "./seat.ts";
import type { Sender } from "./sender.ts";
import type { Viewer } from "./viewer.ts";

/** Who is in a room, in whatever role. */
export class Roster {
  readonly peers = new Map<string, Peer>();
  readonly publishers = new Map<string, Publisher>();
  /** Viewers with a session. */
  readonly audience = new Audience();
  /** Viewers without one. */
  readonly viewers = new Map<string, Viewer>();
  /** What goes out to receivers that are nobody here; by their ids. */
  readonly egresses = new Map<string, { seat: Seat }>();

  /** Peers as they were on a seat that they have left: media only. By them: ends it. */
  readonly lingering = new Map<Peer, () => void>();
  /** By peer id: why peers that were put out did not hear so, as their sessions were over: they hear it where they join anew. */
  readonly putOut = new Map<string, ErrorCode>();
  /** Seats whose media goes to packagers, by the ids of their jobs. */
  readonly packaged = new Map<string, Seat>();

  /** Those with a session, viewers among them. */
  members(): Peer[] {
    return [...this.peers.values(), ...this.audience.all()];
  }

  /** Whoever is in, on a seat. */
  sitting(): { seat: Seat }[] {
    return [...this.members(), ...this.publishers.values(), ...this.viewers.values()];
  }

  /** How many are in, whoever they are. */
  get present(): number {
    return this.peers.size + this.publishers.size + this.audience.size + this.viewers.size;
  }

  /** How many have no session that would take them along where the room moves. */
  get cutByMove(): number {
    return this.publishers.size + this.viewers.size + this.egresses.size;
  }

  /** The peer or viewer with a session of that id. */
  member(peerId: string): Peer | undefined {
    return this.peers.get(peerId) ?? this.audience.get(peerId);
  }

  /** Its peers and publishers. */
  senders(): Sender[] {
    return [...this.peers.values(), ...this.publishers.values()];
  }

  /** The peer or publisher of that id. */
  sender(peerId: string): Sender | undefined {
    return this.peers.get(peerId) ?? this.publishers.get(peerId);
  }

  /** Peers, and the viewers that see what peers see. */
  listeners(): Peer[] {
    return [...this.peers.values(), ...this.audience.revealed()];
  }

  /** Every listener but `peer`. */
  othersThan(peer: Sender): Peer[] {
    return this.listeners().filter((other) => other !== peer);
  }

  /** @throws {FairleadError} `peer_not_found`. */
  peer(peerId: string): Peer {
    const peer = this.peers.get(peerId);
    if (!peer) throw new FairleadError("peer_not_found");
    return peer;
  }

  /** @throws {FairleadError} `peer_not_found`. */
  peerOrPublisher(peerId: string): Peer | Publisher {
    return this.publishers.get(peerId) ?? this.peer(peerId);
  }

  /** What is left of that peer on seats that it has left ends. */
  endLingering(peerId: string): void {
    for (const [peer, end] of [...this.lingering]) if (peer.peerId === peerId) end();
  }

  /** It leaves with that code, if it is in, and can't be told where its session is over. */
  noteUnheard(peer: Peer, code: ErrorCode | null): void {
    const { peerId, session } = peer;
    const isPutOut = code !== null && endsForGood(code) && session.isOver;
    if (isPutOut && this.member(peerId) === peer) this.putOut.set(peerId, code);
  }

  peerOfIdentity(identity: string): Peer | undefined {
    return [...this.peers.values()].find((peer) => peer.identity === identity);
  }
}
