import type { ConnectionQuality, ConnectionState, Peer, Room, RoomEvents, Source } from "@fairlead/client";

/** The part of a track that a tile needs, local or remote. */
export type Attachable = {
  attach(element?: HTMLMediaElement): HTMLMediaElement;
  detach(element?: HTMLMediaElement): void;
};

export type PeerView = {
  peerId: string;
  name: string;
  isSelf: boolean;
  isSpeaking: boolean;
  /** Its browser or network is gone, perhaps for a moment. */
  isAway: boolean;
  quality: ConnectionQuality;
  isMicrophoneOn: boolean;
  /** Present while there is a picture to show. */
  camera: Attachable | undefined;
  screen: Attachable | undefined;
  /** Sound to play. Empty for this peer itself. */
  sounds: { key: string; track: Attachable }[];
};

export type RoomView = {
  connection: ConnectionState;
  canPlayAudio: boolean;
  canModerate: boolean;
  canChat: boolean;
  /** Sources that this peer may publish. */
  publishable: readonly Source[];
  /** Own sources that a moderator has muted. */
  locked: readonly Source[];
  self: PeerView;
  /** In the order in which they came. */
  others: PeerView[];
};

export type Speakers = ReadonlySet<string>;

/** Levels above this are speech rather than a room's noise, dBov. */
const SPEECH_DBOV = -55;

/** The peers that are heard now, and the dominant one: a short sound makes a speaker before it raises the average level. */
export function speakersOf({ dominantPeerId, levels }: RoomEvents["speakers.changed"]): Speakers {
  const heard = levels.filter((level) => level.volumeDbov > SPEECH_DBOV).map((level) => level.peerId);
  return new Set(dominantPeerId ? [dominantPeerId, ...heard] : heard);
}

/** As the room shows it: a ticket may say none. */
export function displayNameOf({ name }: Pick<Peer, "name">): string {
  return name || "Guest";
}

/** The room as it is now, frozen for one rendering. */
export function viewOf(room: Room, speakers: Speakers): RoomView {
  return {
    connection: room.connectionState,
    canPlayAudio: room.canPlayAudio,
    canModerate: room.grants.moderate,
    canChat: room.grants.data,
    publishable: room.grants.publish,
    locked: [...room.local.values()].filter((track) => track.isMutedByModerator).map((track) => track.source),
    self: selfView(room, speakers),
    others: [...room.peers.values()]
      .sort((a, b) => a.joinedAtMs - b.joinedAtMs || a.peerId.localeCompare(b.peerId))
      .map((peer) => ({
        peerId: peer.peerId,
        name: displayNameOf(peer),
        isSelf: false,
        isSpeaking: speakers.has(peer.peerId),
        isAway: peer.isAway,
        quality: peer.quality,
        ...tracksView(peer.tracks),
        sounds: [...peer.tracks.values()]
          .filter((track) => track.kind === "audio")
          .map((track) => ({ key: `${peer.peerId} ${track.source}`, track })),
      })),
  };
}

function selfView(room: Room, speakers: Speakers): PeerView {
  return {
    peerId: room.peerId,
    name: displayNameOf(room.self),
    isSelf: true,
    isSpeaking: speakers.has(room.peerId),
    isAway: false,
    quality: room.quality,
    ...tracksView(room.local),
    sounds: [],
  };
}

type Muteable = Attachable & { isMuted: boolean };

function tracksView(tracks: ReadonlyMap<Source, Muteable>) {
  const live = (source: Source) => {
    const track = tracks.get(source);
    return track && !track.isMuted ? track : undefined;
  };
  return {
    isMicrophoneOn: live("microphone") !== undefined,
    camera: live("camera"),
    screen: live("screen"),
  };
}
