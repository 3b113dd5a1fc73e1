import { describe, expect, it } from "vitest";
import { RtpCapabilities, RtpParameters } from "./media.ts";

const opus = { mimeType: "audio/opus", payloadType: 100, clockRate: 48_000, channels: 2 };

describe("RtpParameters", () => {
  it("leave the stream's names to the node", () => {
    const parsed = RtpParameters.parse({
      codecs: [opus],
      msid: "a b",
      rtcp: { cname: "mine", reducedSize: true },
    });
    expect(parsed).toEqual({ codecs: [opus], rtcp: { reducedSize: true } });
  });

  it.each([
    [
      "a line break in a codec's parameter",
      { codecs: [{ ...opus, parameters: { x: "1\r\nm=evil 1 2 3" } }] },
    ],
    ["a line break in a parameter's name", { codecs: [{ ...opus, parameters: { "x\r\na": "1" } }] }],
    [
      "a line break in a header extension",
      { codecs: [opus], headerExtensions: [{ uri: "urn:x\r\na=b", id: 1 }] },
    ],
    ["a line break in a mid", { codecs: [opus], mid: "0\r\n" }],
    ["a payload type of 300", { codecs: [{ ...opus, payloadType: 300 }] }],
    ["no codec", { codecs: [] }],
    ["five encodings", { codecs: [opus], encodings: Array.from({ length: 5 }, (_, ssrc) => ({ ssrc })) }],
    ["a scalability mode that is none", { codecs: [opus], encodings: [{ scalabilityMode: "L99T99" }] }],
  ])("with %s are refused", (_what, parameters) => {
    expect(RtpParameters.safeParse(parameters).success).toBe(false);
  });
});

describe("RtpCapabilities", () => {
  const nested = (depth: number) => JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);

  it("keep what they hold", () => {
    const capabilities = { codecs: [opus], headerExtensions: [] };
    expect(RtpCapabilities.parse(capabilities)).toEqual(capabilities);
  });

  it.each([17, 5_000])("nested %i deep are refused, not walked", (depth) => {
    expect(RtpCapabilities.safeParse(nested(depth)).success).toBe(false);
  });

  it("over 32 KB are refused", () => {
    expect(RtpCapabilities.safeParse({ codecs: ["x".repeat(33_000)] }).success).toBe(false);
  });
});
