import { describe, expect, it } from "vitest";
import { speakersOf } from "./room-view.ts";

const levels = [
  { peerId: "ada", volumeDbov: -20 },
  { peerId: "fan", volumeDbov: -58 },
];

describe("speakersOf", () => {
  it("names the peers that are heard, and not a room's noise", () => {
    expect([...speakersOf({ dominantPeerId: null, levels })]).toEqual(["ada"]);
  });

  it("names the dominant one before its level has risen", () => {
    expect([...speakersOf({ dominantPeerId: "fan", levels })]).toEqual(["fan", "ada"]);
  });

  it("names nobody in silence", () => {
    expect(speakersOf({ dominantPeerId: null, levels: [] }).size).toBe(0);
  });
});
