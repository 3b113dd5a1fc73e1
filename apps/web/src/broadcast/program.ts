import type { Publication, RemoteTrack, Room } from "@fairlead/client";

/** The picture and sounds of a broadcast, as they come in. */
export type Program = { picture: RemoteTrack | undefined; sounds: RemoteTrack[] };

/** A shared screen goes before a camera; of two publishers, while one takes over from the other, the newer one. */
export function programOf(room: Pick<Room, "peers">): Program {
  const tracks = newestFirst(room).flatMap((peer) => [...peer.tracks.values()]);
  return {
    picture: pictureOf(tracks),
    sounds: tracks.filter(({ kind }) => kind === "audio"),
  };
}

/** The picture that is sent, whether this browser can show it or not. */
export function pictureOffered(room: Pick<Room, "peers">): Publication | undefined {
  return pictureOf(newestFirst(room).flatMap((peer) => [...peer.publications.values()]));
}

/** @returns The codec of the picture that is sent, e.g. `H264`, where this browser can't show it by WebRTC. */
export function unplayableCodec(
  room: Pick<Room, "peers">,
  canDecode: (mimeType: string) => boolean = canReceive,
): string | undefined {
  const mimeType = pictureOffered(room)?.mimeType;
  if (mimeType === undefined || programOf(room).picture || canDecode(mimeType)) return undefined;
  return mimeType.split("/")[1];
}

function newestFirst({ peers }: Pick<Room, "peers">) {
  return [...peers.values()].toSorted((a, b) => b.joinedAtMs - a.joinedAtMs);
}

function pictureOf<T extends Pick<Publication, "source" | "isMuted">>(tracks: readonly T[]): T | undefined {
  const live = tracks.filter(({ isMuted }) => !isMuted);
  const of = (source: Publication["source"]) => live.find((track) => track.source === source);
  return of("screen") ?? of("camera");
}

/** By WebRTC: the same browser may well play the same codec from a file. */
function canReceive(mimeType: string): boolean {
  const known = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  return known.some((codec) => codec.mimeType.toLowerCase() === mimeType.toLowerCase());
}
