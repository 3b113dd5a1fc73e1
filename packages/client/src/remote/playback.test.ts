import { describe, expect, it } from "vitest";
import type { RoomEvents } from "../api/events.ts";
import { TypedEmitter } from "../typed-emitter.ts";
import { Playback } from "./playback.ts";

function playbackWith() {
  const events: string[] = [];
  const emitter = new TypedEmitter<RoomEvents>();
  emitter.on("playback.blocked", () => void events.push("blocked"));
  emitter.on("playback.allowed", () => void events.push("allowed"));
  return { playback: new Playback(emitter), events };
}

/** As a browser: refuses until the user has clicked. */
function element(page: { wasClicked: boolean }) {
  return {
    play: async () => {
      if (!page.wasClicked) throw new DOMException("no gesture yet", "NotAllowedError");
    },
  };
}

describe("Playback", () => {
  it("reports once that the browser holds back, and once that all plays", async () => {
    const { playback, events } = playbackWith();
    const page = { wasClicked: false };
    await Promise.all([playback.play(element(page)), playback.play(element(page))]);
    expect(events).toEqual(["blocked"]);
    expect(playback.canPlay).toBe(false);
    page.wasClicked = true;
    await playback.startAll();
    expect(events).toEqual(["blocked", "allowed"]);
    expect(playback.canPlay).toBe(true);
  });

  it("is allowed again when the element that was held back is taken away", async () => {
    const { playback, events } = playbackWith();
    const held = element({ wasClicked: false });
    await playback.play(held);
    playback.forget(held);
    expect(events).toEqual(["blocked", "allowed"]);
  });
});
