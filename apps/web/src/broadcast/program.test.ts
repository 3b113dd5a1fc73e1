import type { RemotePeer, RemoteTrack, Room, Source } from "@fairlead/client";
import { describe, expect, it } from "vitest";
import { programOf, unplayableCodec } from "./program.ts";

const trackOf = (source: Source, isMuted = false) =>
  ({
    source,
    isMuted,
    kind: source === "camera" || source === "screen" ? "video" : "audio",
  }) as unknown as RemoteTrack;

function roomOf(...peers: { joinedAtMs: number; tracks: RemoteTrack[] }[]): Pick<Room, "peers"> {
  const entries = peers.map(({ joinedAtMs, tracks }, index) => {
    const peer = { joinedAtMs, tracks: new Map(tracks.map((track) => [track.source, track])) };
    return [`${index}`, peer as unknown as RemotePeer] as const;
  });
  return { peers: new Map(entries) };
}

describe("the program of a broadcast", () => {
  it("is nothing while nobody sends", () => {
    expect(programOf(roomOf({ joinedAtMs: 1, tracks: [] }))).toEqual({ picture: undefined, sounds: [] });
  });

  it("is a screen rather than a camera, with all sounds", () => {
    const tracks = [trackOf("camera"), trackOf("screen"), trackOf("microphone"), trackOf("screen_audio")];
    const { picture, sounds } = programOf(roomOf({ joinedAtMs: 1, tracks }));
    expect(picture?.source).toBe("screen");
    expect(sounds.map(({ source }) => source)).toEqual(["microphone", "screen_audio"]);
  });

  it("has no picture of a camera that is muted", () => {
    const tracks = [trackOf("camera", true), trackOf("microphone")];
    expect(programOf(roomOf({ joinedAtMs: 1, tracks })).picture).toBeUndefined();
  });

  it("shows the newer of two publishers", () => {
    const [older, newer] = [trackOf("camera"), trackOf("camera")];
    const room = roomOf({ joinedAtMs: 1, tracks: [older] }, { joinedAtMs: 2, tracks: [newer] });
    expect(programOf(room).picture).toBe(newer);
  });
});

describe("a picture that this browser can't show", () => {
  const roomWith = (tracks: RemoteTrack[], mimeType: string | undefined, isMuted = false) => {
    const publications = new Map([["camera", { source: "camera", kind: "video", isMuted, mimeType }]]);
    const peer = {
      joinedAtMs: 1,
      tracks: new Map(tracks.map((track) => [track.source, track])),
      publications,
    };
    return { peers: new Map([["a", peer as unknown as RemotePeer]]) };
  };
  const vp8Only = (mimeType: string) => mimeType === "video/VP8";

  it("is named by its codec, and only while it is sent and does not come", () => {
    expect(unplayableCodec(roomWith([], "video/H264"), vp8Only)).toBe("H264");
    expect(unplayableCodec(roomWith([], "video/VP8"), vp8Only)).toBeUndefined();
    expect(unplayableCodec(roomWith([trackOf("camera")], "video/H264"), vp8Only)).toBeUndefined();
    expect(unplayableCodec(roomWith([], "video/H264", true), vp8Only)).toBeUndefined();
  });

  it("is not known of where its node does not tell the codec", () => {
    expect(unplayableCodec(roomWith([], undefined), vp8Only)).toBeUndefined();
  });
});
