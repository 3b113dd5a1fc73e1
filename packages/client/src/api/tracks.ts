import type { Identity, MediaKind, PeerId, Source } from "@fairlead/protocol";

/** `unknown`: not measured yet, or there is nothing to measure. `lost`: nothing arrives, or the peer is away. */
export type ConnectionQuality = "unknown" | "excellent" | "good" | "poor" | "lost";

/** A track that a peer offers, subscribed or not. */
export type Publication = {
  readonly producerId: string;
  readonly source: Source;
  readonly kind: MediaKind;
  readonly isMuted: boolean;
  /** Its own peer can't unmute it. */
  readonly isMutedByModerator: boolean;
  /** Of its codec, e.g. `video/H264`: a browser that can't decode it gets no track. Undefined: its node is too old to tell. */
  readonly mimeType: string | undefined;
};

/** What is known of every peer, this one included. */
export interface Peer {
  readonly peerId: PeerId;
  readonly identity: Identity;
  readonly name: string;
  readonly metadata: string;
  readonly joinedAtMs: number;
  readonly quality: ConnectionQuality;
}

/** This peer itself. */
export interface SelfPeer extends Peer {
  /** As `room.local`. */
  readonly tracks: ReadonlyMap<Source, LocalTrack>;
  /** As the node last told. */
  readonly publications: ReadonlyMap<Source, Publication>;
}

/** The object stays the same while the peer is in the room, also when the room moves. */
export interface RemotePeer extends Peer {
  /** Its client has been without a connection for some seconds; its quality is `lost`. It comes back, or leaves as `disconnected`. */
  readonly isAway: boolean;
  /** The subscribed tracks. */
  readonly tracks: ReadonlyMap<Source, RemoteTrack>;
  /** All tracks that the peer offers. */
  readonly publications: ReadonlyMap<Source, Publication>;
}

/** The object stays the same when the room moves, and attached elements go on with the new media by themselves. */
export interface RemoteTrack {
  readonly producerId: string;
  readonly peer: RemotePeer;
  readonly source: Source;
  readonly kind: MediaKind;
  readonly isMuted: boolean;
  /** Replaced when the room moves: prefer `attach` to keeping it. */
  readonly mediaStreamTrack: MediaStreamTrack;
  /** Plays in `element`, by default a new one, which is not put into the document. */
  attach(element?: HTMLMediaElement): HTMLMediaElement;
  /**
   * Takes the track out of `element`, by default out of all.
   * @returns The elements that show nothing any more; an element that also plays another track is not among them.
   */
  detach(element?: HTMLMediaElement): HTMLMediaElement[];
  /**
   * Video that nobody sees is not sent. The SDK watches attached elements; this overrides what it sees, also through moves.
   * @param visible `undefined`: observe again.
   */
  setVisible(visible: boolean | undefined): void;
  /**
   * How many sizes of the picture are negotiated, to prefer one of: simulcast or SVC layers; 1 for sound. A small picture is sent in fewer. May
   * differ after a move.
   */
  readonly spatialLayers: number;
  /** The highest simulcast or SVC layers wanted; 0 is the smallest. Holds through moves. */
  setPreferredLayers(spatialLayer: number, temporalLayer?: number): Promise<void>;
}

export interface LocalTrack {
  readonly source: Source;
  readonly kind: MediaKind;
  /** Another object after `switchDevice`; a black or silent one while the device is closed. Prefer `attach` to keeping it. */
  readonly mediaStreamTrack: MediaStreamTrack;
  /** By this peer or by a moderator, or since the app has disabled the track. */
  readonly isMuted: boolean;
  /** While true, `unmute` is refused. Once it is lifted, the track stays muted until `unmute()`: nobody goes live unasked. */
  readonly isMutedByModerator: boolean;
  /** Sends nothing from now on. A camera is closed as well, see `stopOnMute`. */
  mute(): Promise<void>;
  /**
   * Opens the device again if it is closed. A `mute()` in the meantime wins.
   * @throws {FairleadError} `muted_by_moderator`. {DOMException} of `getUserMedia`; the track then stays muted.
   */
  unmute(): Promise<void>;
  /**
   * Goes on with another device, without renegotiation; attached elements follow. Of several calls the last one wins; the
   * others resolve. While the device is closed, the choice holds for the next `unmute()`.
   * @throws {DOMException} of `getUserMedia`; the track then stays as it was, or is muted if the device before can't be opened either.
   */
  switchDevice(deviceId: string): Promise<void>;
  /** Shows the track in `element` (muted, so that nobody hears themselves), by default in a new `<video>` or `<audio>`. */
  attach(element?: HTMLMediaElement): HTMLMediaElement;
  /** As `RemoteTrack.detach`. */
  detach(element?: HTMLMediaElement): HTMLMediaElement[];
}
