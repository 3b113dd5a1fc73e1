import type { RemoteTrack, Room } from "@fairlead/client";

/** The picture and sounds of a broadcast, as they come in. */
export type Program = { picture: RemoteTrack | undefined; sounds: RemoteTrack[] };

/** A shared screen goes before a camera; of two publishers, while one takes over from the other, the newer one. */
export function programOf({ peers }: Pick<Room, "peers">): Program {
  const tracks = [...peers.values()]
    .toSorted((a, b) => b.joinedAtMs - a.joinedAtMs)
    .flatMap((peer) => [...peer.tracks.values()]);
  const live = tracks.filter(({ isMuted }) => !isMuted);
  const of = (source: RemoteTrack["source"]) => live.find((track) => track.source === source);
  return {
    picture: of("screen") ?? of("camera"),
    sounds: tracks.filter(({ kind }) => kind === "audio"),
  };
}
