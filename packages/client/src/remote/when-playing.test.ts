import { FakeMediaStreamTrack } from "fake-mediastreamtrack";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TrackList } from "../testing/media-elements.ts";
import { whenPlaying } from "./when-playing.ts";

/** The element that plays the track unseen. */
class Helper extends EventTarget {
  srcObject: unknown = null;
  muted = false;
  note: ((nowMs: number) => void) | null = null;
  play = async () => {};
  requestVideoFrameCallback(note: (nowMs: number) => void): void {
    this.note = note;
  }
  /** A frame is shown so long after the last one. */
  show(afterMs: number): void {
    vi.advanceTimersByTime(afterMs);
    const note = this.note;
    this.note = null;
    note?.(performance.now());
  }
}

class Page extends EventTarget {
  hidden = false;
  readonly helpers: Helper[] = [];
  createElement(): Helper {
    const helper = new Helper();
    this.helpers.push(helper);
    return helper;
  }
}

let page: Page;
const ready = vi.fn();
beforeEach(() => {
  vi.useFakeTimers();
  page = new Page();
  ready.mockReset();
  vi.stubGlobal("document", page);
  vi.stubGlobal("MediaStream", TrackList);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const trackOf = (kind: "audio" | "video") =>
  new FakeMediaStreamTrack({ kind }) as unknown as MediaStreamTrack;

/** As of a peer connection before its first packet. */
function mutedSound(): MediaStreamTrack {
  return Object.assign(new EventTarget(), { kind: "audio", muted: true }) as unknown as MediaStreamTrack;
}

function start(track: MediaStreamTrack): { helper: Helper; cancel: () => void } {
  const cancel = whenPlaying(track, ready);
  const [helper] = page.helpers;
  if (!helper) throw new Error("no helper");
  return { helper, cancel };
}

it("a picture is ready after six frames in a row without a pause", () => {
  const { helper } = start(trackOf("video"));
  for (const afterMs of [70, 70, 70, 400, 70, 70, 70, 70, 70]) helper.show(afterMs);
  expect(ready).not.toHaveBeenCalled();
  helper.show(70);
  expect(ready).toHaveBeenCalledOnce();
  expect(helper.note).toBeNull();
});

it("a picture that hardly changes is ready a second after its first frame", () => {
  const { helper } = start(trackOf("video"));
  vi.advanceTimersByTime(3_000);
  helper.show(0);
  vi.advanceTimersByTime(999);
  expect(ready).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(ready).toHaveBeenCalledOnce();
});

it("a picture in a browser that tells of no frames is ready a second after it plays", () => {
  vi.stubGlobal("document", Object.assign(page, { createElement: () => helper }));
  const helper = Object.assign(new EventTarget(), { play: async () => {} });
  whenPlaying(trackOf("video"), ready);
  vi.advanceTimersByTime(3_000);
  helper.dispatchEvent(new Event("playing"));
  vi.advanceTimersByTime(999);
  expect(ready).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(ready).toHaveBeenCalledOnce();
});

it("a picture on a hidden page waits for nothing, and on one that becomes so no longer", () => {
  page.hidden = true;
  start(trackOf("video"));
  expect(ready).toHaveBeenCalledOnce();
  page.hidden = false;
  start(trackOf("video"));
  expect(ready).toHaveBeenCalledOnce();
  page.dispatchEvent(new Event("visibilitychange"));
  expect(ready).toHaveBeenCalledTimes(2);
});

it("sound is ready a moment after its first packet; the element that warmed it up stays for another moment", () => {
  const track = mutedSound();
  const { helper } = start(track);
  expect(helper.muted).toBe(true);
  vi.advanceTimersByTime(5_000);
  expect(ready).not.toHaveBeenCalled();
  track.dispatchEvent(new Event("unmute"));
  expect(ready).not.toHaveBeenCalled();
  vi.advanceTimersByTime(200);
  expect(ready).toHaveBeenCalledOnce();
  expect(helper.srcObject).not.toBeNull();
  vi.advanceTimersByTime(1_000);
  expect(helper.srcObject).toBeNull();
});

it.each(["audio", "video"] as const)("a change to %s that is cancelled is never made", (kind) => {
  const { helper, cancel } = start(trackOf(kind));
  cancel();
  for (let frame = 0; frame < 20; frame++) helper.show(70);
  expect(ready).not.toHaveBeenCalled();
  expect(helper.srcObject).toBeNull();
});
