import { DEFAULT_CODEC_POLICY, mediaCodecs, routerRtpCapabilities } from "@fairlead/protocol";
// mediasoup computes a router's `rtpCapabilities` by this function, which needs no worker.
import { generateRouterRtpCapabilities } from "mediasoup/ortc";
import { describe, expect, it } from "vitest";

describe("the capabilities that signaling serves", () => {
  it.each([
    ["of the default policy", DEFAULT_CODEC_POLICY],
    ["of a short policy", ["opus" as const, "h264_baseline" as const]],
    ["of an unusual order", ["av1" as const, "vp9" as const, "opus" as const, "vp8" as const]],
  ])("%s are those of mediasoup's routers", (_, policy) => {
    const real = generateRouterRtpCapabilities(mediaCodecs(policy) as never);
    expect(routerRtpCapabilities(policy)).toEqual(JSON.parse(JSON.stringify(real)));
  });
});
