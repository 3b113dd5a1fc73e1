import type { RemotePeer, RemoteTrack, Room, Source } from "@fairlead/client";
import { describe, expect, it } from "vitest";
import { programOf } from "./program.ts";

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
