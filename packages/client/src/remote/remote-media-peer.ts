import type { PeerInfo, Source } from "@fairlead/protocol";
import type { ConnectionQuality, Publication, RemotePeer } from "../api/tracks.ts";
import type { RemoteMediaTrack } from "./remote-media-track.ts";

export class RemoteMediaPeer implements RemotePeer {
  readonly tracks = new Map<Source, RemoteMediaTrack>();
  readonly publications = new Map<Source, Publication>();
  quality: ConnectionQuality = "unknown";
  #info: PeerInfo;

  constructor(info: PeerInfo) {
    this.#info = info;
  }

  get peerId(): string {
    return this.#info.peerId;
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

  /** The same person after a move, perhaps under a new peer id. */
  update(info: PeerInfo): void {
    this.#info = info;
  }
}
