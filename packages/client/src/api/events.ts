import type { BroadcastInfo, ErrorCode, LeaveReason, PeerId } from "@fairlead/protocol";
import type { ConnectionQuality, LocalTrack, Publication, RemotePeer, RemoteTrack } from "./tracks.ts";

/** `reconnecting`: the signaling socket is away; media goes on meanwhile. `closed` is final. */
export type ConnectionState = "connecting" | "connected" | "reconnecting" | "closed";

/** The data that `room.on(name, listener)` gives to the listener. */
export type RoomEvents = {
  "peer.joined": { peer: RemotePeer };
  /** `room_ended`: this peer is no longer in the room itself. */
  "peer.left": { peer: RemotePeer; reason: LeaveReason | "room_ended" };
  /** Its browser died or lost its network: it comes back within the grace time, or leaves. */
  "peer.away": { peer: RemotePeer };
  "peer.back": { peer: RemotePeer };
  /** A peer offers a track; with `autoSubscribe`, `track.subscribed` follows by itself. */
  "track.published": { peer: RemotePeer; publication: Publication };
  "track.unpublished": { peer: RemotePeer; publication: Publication };
  "track.subscribed": { peer: RemotePeer; track: RemoteTrack };
  /** Its elements are still attached: `track.detach()` gives them back. Afterwards the SDK detaches what is left. */
  "track.unsubscribed": { peer: RemotePeer; track: RemoteTrack };
  "track.muted": { peer: RemotePeer; track: RemoteTrack };
  "track.unmuted": { peer: RemotePeer; track: RemoteTrack };
  /** A peer or a moderator muted or unmuted what the peer offers, subscribed or not. */
  "publication.changed": { peer: RemotePeer; publication: Publication };
  "local_track.published": { track: LocalTrack };
  /**
   * `device_ended`: unplugged, or the user stopped sharing. `refused`: the node did not take it after a move. `room_ended`: this peer is
   * no longer in the room.
   */
  "local_track.ended": {
    track: LocalTrack;
    reason: "unpublished" | "device_ended" | "refused" | "room_ended";
  };
  "local_track.muted": { track: LocalTrack; byModerator: boolean };
  /** By this peer itself. */
  "local_track.unmuted": { track: LocalTrack };
  /** A moderator's mute is lifted. The track stays muted until `unmute()`. */
  "local_track.unmute_allowed": { track: LocalTrack };
  /**
   * `dominantPeerId`: the peer that speaks, or spoke last; null when nobody does. `levels`: the peers that are heard, loudest
   * first, in dBov (-127 to 0). Both may name this peer itself.
   */
  "speakers.changed": {
    dominantPeerId: PeerId | null;
    levels: readonly { peerId: PeerId; volumeDbov: number }[];
  };
  /** A string arrives as a string, bytes as bytes. */
  "data.received": { peer: RemotePeer; data: string | Uint8Array; label: string };
  "connection.changed": { state: ConnectionState };
  /** The room goes on on another core or node. Tracks come back by themselves. */
  "room.moved": { epoch: number };
  /** The browser wants a click before it plays sound. */
  "playback.blocked": Record<string, never>;
  "playback.allowed": Record<string, never>;
  /** The room is a broadcast's: its state, title or times changed. Its end comes as `room.ended` with `broadcast_ended`. */
  "broadcast.changed": { broadcast: BroadcastInfo };
  /** In a broadcast's room, every few seconds while the number changes. */
  "viewers.counted": { viewers: number };
  "quality.changed": { peerId: PeerId; quality: ConnectionQuality };
  /** Over, and not by `leave()`. Everything is freed. */
  "room.ended": { code: ErrorCode; message: string };
};
