import type { BroadcastInfo, Grants, PeerId, RoomId, Source } from "@fairlead/protocol";
import type { ConnectionState, RoomEvents } from "./events.ts";
import type {
  CameraOptions,
  MicrophoneOptions,
  PublishOptions,
  RemoveOptions,
  ScreenOptions,
  SendOptions,
  SignalingTransport,
} from "./options.ts";
import type { ConnectionQuality, LocalTrack, RemotePeer, SelfPeer } from "./tracks.ts";

/** A joined room, from `joinRoom` to `leave()` or `room.ended`. */
export interface Room {
  readonly roomId: RoomId;
  /** This peer's own id. It stays when the room moves, unless the node is of an older build. */
  readonly peerId: PeerId;
  readonly grants: Grants;
  readonly connectionState: ConnectionState;
  /** Carries commands and events now, or did last. Media does not go over it. */
  readonly signalingTransport: SignalingTransport;
  /** This peer itself, in the shape of the others. The object stays the same. */
  readonly self: SelfPeer;
  /** The other peers. The map is live: it changes under its reader, with an event for each change. */
  readonly peers: ReadonlyMap<PeerId, RemotePeer>;
  readonly local: ReadonlyMap<Source, LocalTrack>;
  /** Joined with a viewer's ticket: it watches a broadcast, publishes nothing, and the others don't hear of it. */
  readonly isViewer: boolean;
  /** null: the room is no broadcast, or its first snapshot is still on its way. */
  readonly broadcast: BroadcastInfo | null;
  /** How many watch the broadcast; null as `broadcast`. */
  readonly viewerCount: number | null;
  /** False while the browser holds audible playback back; see `startPlayback`. */
  readonly canPlayAudio: boolean;
  /** This peer's own connection. */
  readonly quality: ConnectionQuality;

  /**
   * Asks for the microphone, unless `options.track` is given, and publishes it. Two calls at once with the same options get
   * the same track.
   * @throws {DOMException} of `getUserMedia`: `NotAllowedError`, `NotFoundError`, …
   * @throws {FairleadError} Before a device is opened: `grant_missing`; `producer_limit` when the source is published, or being
   * published with other options; the code of the room's end. Later: `producer_not_found` when `unpublish` came first.
   */
  publishMicrophone(options?: MicrophoneOptions): Promise<LocalTrack>;
  /** As `publishMicrophone`; in as many simulcast layers as the picture's size carries, unless told otherwise. */
  publishCamera(options?: CameraOptions): Promise<LocalTrack>;
  /**
   * Asks for a screen or window. The sound ends with the picture.
   * @returns The video track and, where the user shares sound too, the audio track.
   */
  publishScreen(options?: ScreenOptions): Promise<LocalTrack[]>;
  /**
   * Publishes a track of the app's own. It stays the app's: the SDK neither stops nor disables it unless told so. `screen_audio` needs
   * a `screen` that is published, and ends with it.
   */
  publishTrack(track: MediaStreamTrack, source: Source, options?: PublishOptions): Promise<LocalTrack>;
  /** Does nothing if the source is not published. */
  unpublish(source: Source): Promise<void>;

  /**
   * Sends to all other peers of the room that subscribe.
   * A reliable message reaches everybody who is in `room.peers` at the call, once, and in order with the others of its label, or its promise
   * rejects. It is held while a newcomer can't receive yet, or a peer is not back yet after a move, for 5 s at most.
   * The promise resolves when the node has passed it on to all of them, a round trip later: for a stream of messages, don't await each.
   * (With a node of an older build it resolves when the browser has taken the message, as for unreliable ones.)
   * A message has at most 262,144 bytes (a string is UTF-8), a label at most 128 characters, and a peer at most 8 channels, one for each
   * label and reliability.
   * @throws {FairleadError} `grant_missing`; `data_too_large`; `data_channel_limit`; `data_buffer_full`: the browser takes no more for
   * now, see `bufferedAmount`; `data_undelivered`: the peers of `detail.peerIds` may not have got it, all others have; `room_moved`: some
   * may have got it; `invalid_request` for a label that is too long; the code of the room's end.
   */
  sendData(data: string | Uint8Array, options?: SendOptions): Promise<void>;
  /** Bytes that `sendData` took for this channel and that are held or not sent yet; 0 for a channel that is not open. */
  bufferedAmount(options?: SendOptions): number;

  /**
   * Mutes a source of another peer, also one that it publishes later, or lets it unmute itself again.
   * @throws {FairleadError} `grant_missing` without `moderate`, and against a moderator without `moderateModerators`. */
  mutePeer(peerId: PeerId, source: Source, muted: boolean): Promise<void>;
  /**
   * Removes a peer. By default that bans it: neither its identity nor its ticket gets in again. With `ban: false` it may come back at
   * once. (A node of an older build bans in any case.)
   * @throws {FairleadError} `grant_missing` as above; `peer_not_found`.
   */
  removePeer(peerId: PeerId, options?: RemoveOptions): Promise<void>;

  /**
   * The tracks follow as `track.subscribed`. The choice holds for these sources of these identities until another one: when the
   * room moves, and when they are published again. The SDK remembers up to 1,000 choices. Asked for too much at once, the node makes
   * some of them later, and the promise waits for these; beyond the consumers that the room allows a peer, no track follows.
   */
  subscribe(producerIds: readonly string[]): Promise<void>;
  /** As `subscribe`; the tracks end with `track.unsubscribed`. */
  unsubscribe(producerIds: readonly string[]): Promise<void>;

  /** Plays the elements that the browser held back. Call it from a click or key press, after `playback.blocked`. */
  startPlayback(): Promise<void>;
  /** WebRTC statistics of both transports, as the browser gives them. */
  getStats(): Promise<{ send: RTCStatsReport; receive: RTCStatsReport }>;
  /**
   * Leaves the room and frees everything. Tracks that the SDK opened are stopped. All tracks and peers end with their events, as they do
   * when the room ends; `room.ended` is not emitted.
   */
  leave(): Promise<void>;

  /** @returns A function that takes the listener off again. */
  on<N extends keyof RoomEvents>(event: N, listener: (data: RoomEvents[N]) => void): () => void;
}
