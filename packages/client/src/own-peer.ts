import type { Source } from "@fairlead/protocol";
import type { Room } from "./api/room.ts";
import type { ConnectionQuality, Publication, SelfPeer } from "./api/tracks.ts";
import type { OwnClaims } from "./connection/read-ticket.ts";
import type { RoomModel } from "./model/room-model.ts";
import { publicationOf } from "./remote/remote-peers.ts";

/** This peer as the node tells of it; until it has told, as the ticket says. */
export class OwnPeer implements SelfPeer {
  readonly #room: Pick<Room, "peerId" | "quality" | "local">;
  readonly #model: RoomModel;
  readonly #claims: OwnClaims;
  readonly #enteredAtMs = Date.now();

  constructor(room: Pick<Room, "peerId" | "quality" | "local">, model: RoomModel, claims: OwnClaims) {
    this.#room = room;
    this.#model = model;
    this.#claims = claims;
  }

  get peerId(): string {
    return this.#room.peerId;
  }

  get identity(): string {
    return this.#info.identity;
  }

  get name(): string {
    return this.#info.name;
  }

  get metadata(): string {
    return this.#info.metadata;
  }

  get joinedAtMs(): number {
    return this.#info.joinedAtMs;
  }

  get quality(): ConnectionQuality {
    return this.#room.quality;
  }

  get tracks(): SelfPeer["tracks"] {
    return this.#room.local;
  }

  get publications(): ReadonlyMap<Source, Publication> {
    const own = [...this.#model.contents.producers.values()].filter(({ peerId }) => peerId === this.peerId);
    return new Map(own.map((producer) => [producer.source, publicationOf(producer)]));
  }

  get #info(): OwnClaims & { joinedAtMs: number } {
    const told = this.#model.contents.peers.get(this.peerId);
    return told ?? { ...this.#claims, joinedAtMs: this.#enteredAtMs };
  }
}
