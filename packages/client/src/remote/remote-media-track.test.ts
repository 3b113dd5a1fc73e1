import { FakeMediaStreamTrack } from "fake-mediastreamtrack";
import type { types } from "mediasoup-client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { RemotePeer } from "../api/tracks.ts";
import { newElement, TrackList } from "../testing/media-elements.ts";
import { makeTrackContext } from "../testing/track-context.ts";
import { RemoteMediaTrack } from "./remote-media-track.ts";

/** A moment after its first packet, sound can take the place of other sound. */
const PLAYS_AFTER_MS = 200;

/** The elements that play next tracks unheard. */
let helpers = 0;

beforeEach(() => {
  helpers = 0;
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", TrackList);
  vi.stubGlobal("document", {
    createElement: () => {
      helpers += 1;
      return newElement();
    },
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

let lastId = 0;
function consumer(kind: "audio" | "video" = "audio"): types.Consumer {
  lastId += 1;
  const track = new FakeMediaStreamTrack({ kind });
  return {
    id: `c${lastId}`,
    producerId: `p${lastId}`,
    track,
    rtpParameters: {},
  } as unknown as types.Consumer;
}

function setUp(kind: "audio" | "video" = "audio") {
  const former = consumer(kind);
  const peer = { identity: "ann" } as RemotePeer;
  const track = new RemoteMediaTrack(
    peer,
    kind === "audio" ? "microphone" : "camera",
    former,
    makeTrackContext(),
  );
  const element = newElement();
  const shown = () => (element.srcObject as MediaStream | null)?.getTracks() ?? [];
  /** The room moves, and the former place goes on. */
  const move = () => {
    track.unbind();
    const next = consumer(kind);
    track.bind(next);
    return next;
  };
  return { track, element, shown, move, former };
}

it("elements go on with the former place until the next one plays, and so does whoever attaches meanwhile", () => {
  const { track, element, shown, move, former } = setUp();
  track.attach(element);
  const next = move();
  expect(shown()).toEqual([former.track]);
  expect(track.isSettled).toBe(false);
  const late = track.attach(newElement());
  expect((late.srcObject as MediaStream).getTracks()).toEqual([former.track]);
  vi.advanceTimersByTime(PLAYS_AFTER_MS);
  expect(shown()).toEqual([next.track]);
  expect((late.srcObject as MediaStream).getTracks()).toEqual([next.track]);
  expect(track.mediaStreamTrack).toBe(next.track);
  expect(track.isSettled).toBe(true);
});

it("a former place that is gone is waited for by nobody", () => {
  const { track, element, shown, move, former } = setUp();
  track.attach(element);
  former.track.stop();
  expect([move().track]).toEqual(shown());
  expect(helpers).toBe(0);
});

it("a track that no element shows changes at once", () => {
  const { track, move } = setUp();
  expect(track.mediaStreamTrack).not.toBe(move().track);
  expect(helpers).toBe(0);
});

it("a picture in an element with sound changes once that sound plays unheard too; swapped twice, both are of the last place", () => {
  const [picture, sound] = [setUp("video"), setUp()];
  picture.track.attach(picture.element);
  sound.track.attach(picture.element);
  for (let move = 1; move <= 2; move += 1) {
    const [before] = picture.shown();
    const nextSound = sound.move();
    vi.advanceTimersByTime(PLAYS_AFTER_MS);
    expect(picture.shown()).toEqual([before, nextSound.track]);
    // A hidden page has no frames to wait for.
    vi.stubGlobal("document", { ...document, hidden: true });
    const used = helpers;
    const nextPicture = picture.move();
    expect(picture.shown()).toEqual([before, nextSound.track]);
    expect([helpers - used, picture.track.isSettled]).toEqual([2, false]);
    vi.advanceTimersByTime(PLAYS_AFTER_MS);
    expect(new Set(picture.shown())).toEqual(new Set([nextSound.track, nextPicture.track]));
    expect(picture.track.isSettled).toBe(true);
  }
});

it("a muted or unseen track is settled whether its next consumer is there or not, one that is missing is not", () => {
  const { track, element } = setUp();
  track.attach(element);
  track.unbind();
  expect(track.isSettled).toBe(false);
  track.setMuted(true);
  expect(track.isSettled).toBe(true);
  track.setMuted(false);
  track.setVisible(false);
  expect(track.isSettled).toBe(true);
});

it("a track that is muted while it waits changes at once", () => {
  const { track, element, shown, move } = setUp();
  track.attach(element);
  const next = move();
  track.setMuted(true);
  expect(shown()).toEqual([next.track]);
});

it("of two moves in a row the last one is changed to, from the place that plays", () => {
  const { track, element, shown, move, former } = setUp();
  track.attach(element);
  move();
  const last = move();
  expect(shown()).toEqual([former.track]);
  vi.advanceTimersByTime(PLAYS_AFTER_MS);
  expect(shown()).toEqual([last.track]);
});

it("of two moves in a row the place between is changed to where the first one ends before the last one is there", () => {
  const { track, element, shown, move } = setUp();
  track.attach(element);
  const between = move();
  track.unbind();
  track.swap();
  expect(shown()).toEqual([between.track]);
});

it("a picture on a hidden page changes at once, and is settled then", () => {
  Object.assign(document, { hidden: true });
  const { track, element, shown, move } = setUp("video");
  track.attach(element);
  const next = move();
  expect(shown()).toEqual([next.track]);
  expect(track.isSettled).toBe(true);
});

it("a track that ends while it waits ends at the former place too", () => {
  const { track, element, shown, move, former } = setUp();
  track.attach(element);
  move();
  track.close();
  expect(shown()).toEqual([]);
  expect(former.track.readyState).toBe("ended");
  vi.advanceTimersByTime(PLAYS_AFTER_MS);
  expect(shown()).toEqual([]);
});
