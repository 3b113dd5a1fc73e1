import type { PeerInfo, Source } from "@fairlead/protocol";
import type { ConnectionQuality, Publication, RemotePeer } from "../api/tracks.ts";
import type { RemoteMediaTrack } from "./remote-media-track.ts";

export class RemoteMediaPeer implements RemotePeer {
  readonly tracks = new Map<Source, RemoteMediaTrack>();
  readonly publications = new Map<Source, Publication>();
  quality: ConnectionQuality;
  #info: PeerInfo;

  constructor(info: PeerInfo) {
    this.#info = info;
    this.quality = qualityOf(info);
  }

  get isAway(): boolean {
    return this.#info.away === true;
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

  /** The same person: after a move, perhaps under a new peer id, or away, or back. @returns Whether it went away or came back. */
  update(info: PeerInfo): boolean {
    const wasAway = this.isAway;
    this.#info = info;
    if (this.isAway === wasAway) return false;
    this.quality = qualityOf(info);
    return true;
  }
}

/** What is measured follows. */
function qualityOf({ away }: PeerInfo): ConnectionQuality {
  return away ? "lost" : "unknown";
}
