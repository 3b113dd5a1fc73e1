import { describe, expect, it } from "vitest";
import { groupDevices } from "./use-devices.ts";
import { loudness } from "./use-microphone-level.ts";

describe("loudness", () => {
  it("is 0 for silence and below -60 dB, 1 at full scale", () => {
    expect(loudness(new Float32Array(64))).toBe(0);
    expect(loudness(new Float32Array(64).fill(0.0005))).toBe(0);
    expect(loudness(new Float32Array(64).fill(1))).toBe(1);
  });

  it("is a half at -30 dB", () => {
    expect(loudness(new Float32Array(64).fill(10 ** (-30 / 20)))).toBeCloseTo(0.5, 5);
  });
});

describe("groupDevices", () => {
  it("tells kinds apart and names devices without a label", () => {
    expect(
      groupDevices([
        { kind: "videoinput", deviceId: "c1", label: "" },
        { kind: "audioinput", deviceId: "default", label: "Default" },
        { kind: "audioinput", deviceId: "m1", label: "Headset" },
        { kind: "audiooutput", deviceId: "", label: "" },
      ]),
    ).toEqual({
      cameras: [{ id: "c1", label: "Camera 1" }],
      microphones: [{ id: "m1", label: "Headset" }],
      speakers: [],
    });
  });
});
