import { EventEmitter } from "node:events";
import type { types } from "mediasoup";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchLayers } from "./watch-layers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A consumer of three sizes, whose receiver reports that share of its packets lost. */
function setUp(loss: number, more: object = {}) {
  const observer = new EventEmitter();
  const chosen: object[] = [];
  const consumer = {
    ...{ type: "simulcast", closed: false, paused: false, producerPaused: false },
    rtpParameters: { codecs: [{ rtcpFeedback: [] }], encodings: [{ scalabilityMode: "L3T1" }] },
    getStats: vi.fn(async () => [
      { type: "inbound-rtp", fractionLost: 0 },
      { type: "outbound-rtp", fractionLost: loss * 256 },
    ]),
    setPreferredLayers: async (layers: object) => void chosen.push(layers),
    ...more,
  };
  watchLayers(
    { observer } as unknown as types.WebRtcTransport,
    [consumer as unknown as types.Consumer],
    (error) => expect.fail(String(error)),
  );
  return { consumer, chosen, observer };
}

it("lossy reports lower the layer, by one call of the worker in five seconds, until the transport closes", async () => {
  const { consumer, chosen, observer } = setUp(0.25);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(chosen).toEqual([{ spatialLayer: 1 }, { spatialLayer: 0 }]);
  observer.emit("close");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(consumer.getStats).toHaveBeenCalledTimes(2);
});

it("nobody asks for what has one layer, or whose bandwidth mediasoup estimates, or while it is paused", async () => {
  const estimated = {
    codecs: [{ rtcpFeedback: [{ type: "transport-cc" }] }],
    encodings: [{ scalabilityMode: "L3T1" }],
  };
  for (const more of [{ type: "simple" }, { rtpParameters: estimated }, { paused: true }]) {
    const { consumer } = setUp(0.25, more);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(consumer.getStats, JSON.stringify(more)).not.toHaveBeenCalled();
  }
});
