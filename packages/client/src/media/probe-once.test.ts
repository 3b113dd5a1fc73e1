import { FakeHandler, testFakeParameters } from "mediasoup-client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { probeOnce } from "./probe-once.ts";

const factory = FakeHandler.createFactory(testFakeParameters);
const probe = vi.fn<typeof factory.getNativeRtpCapabilities>();
const h264 = (profile: string, payloadType: number) => ({
  kind: "video" as const,
  mimeType: "video/H264" as const,
  clockRate: 90_000,
  preferredPayloadType: payloadType,
  parameters: { "profile-level-id": profile, "packetization-mode": 1 },
});
const vp9 = (profile: number, payloadType: number) => ({
  kind: "video" as const,
  mimeType: "video/VP9" as const,
  clockRate: 90_000,
  preferredPayloadType: payloadType,
  parameters: { "profile-id": profile },
});
const rtx = (apt: number) => ({
  kind: "video" as const,
  mimeType: "video/rtx" as const,
  clockRate: 90_000,
  preferredPayloadType: apt + 1,
  parameters: { apt },
});
const opus = {
  kind: "audio" as const,
  mimeType: "audio/opus" as const,
  clockRate: 48_000,
  channels: 2,
  preferredPayloadType: 111,
};
const RECEIVED = [opus, vp9(0, 98), rtx(98), vp9(1, 100), rtx(100), h264("42e01f", 102), h264("4d0034", 104)];
const SENT = {
  audio: [
    { mimeType: "audio/opus", clockRate: 48_000, channels: 2, sdpFmtpLine: "minptime=10;useinbandfec=1" },
  ],
  video: [
    { mimeType: "video/VP9", clockRate: 90_000, sdpFmtpLine: "profile-id=0" },
    { mimeType: "video/rtx", clockRate: 90_000 },
    {
      mimeType: "video/H264",
      clockRate: 90_000,
      sdpFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e029",
    },
  ],
};

beforeEach(() => {
  probe.mockReset();
  probe.mockImplementation(async () => ({ codecs: RECEIVED, headerExtensions: [] }));
  vi.stubGlobal("RTCRtpSender", {
    getCapabilities: (kind: "audio" | "video") => ({ codecs: SENT[kind], headerExtensions: [] }),
  });
});
afterEach(() => vi.unstubAllGlobals());

const probed = () => probeOnce({ ...factory, getNativeRtpCapabilities: probe });

it("one probe tells what the browser receives and, without those that it only decodes, what it sends", async () => {
  const { getNativeRtpCapabilities } = probed();
  expect((await getNativeRtpCapabilities({ direction: "recvonly" })).codecs).toEqual(RECEIVED);
  expect((await getNativeRtpCapabilities({ direction: "sendonly" })).codecs).toEqual([
    opus,
    vp9(0, 98),
    h264("42e01f", 102),
    rtx(98),
  ]);
  await getNativeRtpCapabilities({ direction: "recvonly" });
  expect(probe.mock.calls).toEqual([[{ direction: "recvonly" }]]);
});

it.each([
  ["says nothing", () => null],
  ["can not say it", undefined],
])("a browser that %s about what it sends is probed for that too", async (_, getCapabilities) => {
  vi.stubGlobal("RTCRtpSender", { getCapabilities });
  const { getNativeRtpCapabilities } = probed();
  await getNativeRtpCapabilities({ direction: "recvonly" });
  expect((await getNativeRtpCapabilities({ direction: "sendonly" })).codecs).toEqual(RECEIVED);
  expect(probe.mock.calls).toEqual([[{ direction: "recvonly" }], [{ direction: "sendonly" }]]);
});

it("a probe that failed is made again", async () => {
  probe.mockRejectedValueOnce(new Error("no more peer connections"));
  const { getNativeRtpCapabilities } = probed();
  await expect(getNativeRtpCapabilities({ direction: "recvonly" })).rejects.toThrow(
    "no more peer connections",
  );
  expect((await getNativeRtpCapabilities({ direction: "recvonly" })).codecs).toEqual(RECEIVED);
});
