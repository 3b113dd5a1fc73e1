import { FakeMediaStreamTrack } from "fake-mediastreamtrack";
import type { types } from "mediasoup-client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ProducerData } from "../media/transports.ts";
import { LocalMediaTrack } from "./local-media-track.ts";

beforeEach(() => void vi.stubGlobal("MediaStream", class {}));
afterEach(() => vi.unstubAllGlobals());

const command = vi.fn(async () => ({}));

/** A producer that sends `track`. */
function producerOf(id: string, track: MediaStreamTrack) {
  const producer = {
    id,
    kind: "audio",
    track: track as MediaStreamTrack | null,
    closed: false,
    appData: { source: "microphone", paused: false },
    replaceTrack: async ({ track: next }: { track: MediaStreamTrack | null }) => {
      producer.track = next;
    },
    close: () => {
      producer.closed = true;
    },
  };
  return producer;
}

const asProducer = (one: object) => one as unknown as types.Producer<ProducerData>;

/** A microphone that is published at a former place and at the present one. */
function setUp() {
  const sound = new FakeMediaStreamTrack({ kind: "audio" }) as unknown as MediaStreamTrack;
  const handlers = {
    command: command as never,
    muted: vi.fn(),
    unmuted: vi.fn(),
    unmuteAllowed: vi.fn(),
    deviceEnded: vi.fn(),
  };
  const init = {
    source: "microphone" as const,
    options: {},
    start: { state: "open", track: sound, isOurs: true },
  };
  const track = new LocalMediaTrack(init as never, false, handlers);
  const [former, present] = [producerOf("former", sound), producerOf("present", sound)];
  track.bind(asProducer(former));
  track.unbind();
  return { track, sound, former, present };
}

it("a mute silences both places, before the track is back at the next one and after", async () => {
  const { track, former, present, sound } = setUp();
  await track.mute();
  expect(former.track).toBeNull();
  await track.unmute();
  await vi.waitFor(() => expect(former.track).toBe(sound));
  track.bind(asProducer(present));
  await track.mute();
  await vi.waitFor(() => expect([former.track, present.track]).toEqual([null, null]));
});

it("a moderator's mute does, too", async () => {
  const { track, former, present } = setUp();
  track.bind(asProducer(present));
  track.handleMutedByModerator(true);
  await vi.waitFor(() => expect([former.track, present.track]).toEqual([null, null]));
});

it("a track that is unpublished ends at both", () => {
  const { track, former, present } = setUp();
  track.bind(asProducer(present));
  track.close();
  expect([former.closed, present.closed]).toEqual([true, true]);
});
