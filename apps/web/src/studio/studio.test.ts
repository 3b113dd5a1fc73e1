import type { IngestHealth } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { bitrateText, countersOf, healthBetween, limitText } from "./health.ts";
import { ingestWarnings } from "./ingest-warnings.ts";
import { forgetOwnBroadcast, keepOwnBroadcast, loadOwnBroadcasts } from "./own-broadcasts.ts";
import { draftOf, NEW_DRAFT, wishOf } from "./settings-draft.ts";
import { readStudioLink, studioHash } from "./studio-link.ts";
import { curveOf, peakOf, withSample } from "./viewer-history.ts";

const reportOf = (...stats: object[]) =>
  new Map(stats.map((stat, index) => [`${index}`, stat])) as unknown as RTCStatsReport;

describe("the health of what is sent", () => {
  const layer = (bytesSent: number, framesPerSecond: number, qualityLimitationReason: string) => ({
    ...{
      type: "outbound-rtp",
      bytesSent,
      packetsSent: bytesSent / 1_000,
      framesPerSecond,
      qualityLimitationReason,
    },
  });
  const lost = (packetsLost: number) => ({ type: "remote-inbound-rtp", packetsLost });

  it("adds all layers up, and takes the frames of the best one", () => {
    const before = countersOf(reportOf(layer(0, 0, "none"), layer(0, 0, "none"), lost(0)), "sent", 0);
    const report = reportOf(layer(100_000, 15, "none"), layer(400_000, 30, "bandwidth"), lost(10));
    const health = healthBetween(before, countersOf(report, "sent", 2_000));
    expect(health).toEqual({
      bitrateBps: 2_000_000,
      framesPerSecond: 30,
      lossRatio: 10 / 500,
      limitedBy: "bandwidth",
    });
  });

  it("is unknown while streams begin anew", () => {
    const before = countersOf(reportOf(layer(9_000, 30, "none")), "sent", 0);
    expect(
      healthBetween(before, countersOf(reportOf(layer(1_000, 30, "none")), "sent", 2_000)),
    ).toBeUndefined();
    expect(healthBetween(before, before)).toBeUndefined();
  });

  it("is in words and units for people", () => {
    expect(bitrateText(2_440_000)).toBe("2.4 Mbit/s");
    expect(bitrateText(640_400)).toBe("640 kbit/s");
    expect(limitText("cpu")).toContain("This computer");
    expect(limitText("none")).toBe("Nothing");
  });
});

it("the health of what is received takes the receiver's own losses", () => {
  const at = (packetsReceived: number, packetsLost: number, atMs: number) =>
    countersOf(
      reportOf({ type: "inbound-rtp", bytesReceived: packetsReceived * 1_000, packetsReceived, packetsLost }),
      "received",
      atMs,
    );
  expect(healthBetween(at(0, 0, 0), at(90, 10, 1_000))).toMatchObject({
    bitrateBps: 720_000,
    lossRatio: 0.1,
    limitedBy: "none",
  });
});

describe("warnings about an encoder", () => {
  const GOOD = { fps: 30, bitrateBps: 2_500_000, gopMs: 2_000, hasBFrames: false, isTranscoded: false };
  const warn = (
    change: { [K in keyof IngestHealth]?: IngestHealth[K] },
    { droppedLately = 0, afterMs = 20_000, lossRatio = 0 } = {},
  ) => {
    const ingest = { ...GOOD, droppedFrames: 3, lateMs: 40, ...change };
    const publisher = { kind: "rtmp", sinceMs: 0, bitrateBps: 2_400_000, lossRatio, ingest };
    return ingestWarnings(publisher, { droppedLately, nowMs: afterMs }).join("\n");
  };

  it("are none where all is well, also with frames that were dropped long ago", () => {
    expect(warn({})).toBe("");
    expect(warn({ gopMs: 2_016 })).toBe("");
  });

  it.each([
    [
      "a long GOP, by the delay that it costs",
      { gopMs: 8_333 },
      /wait up to 8.3 s .* key frame interval to 1 or 2 s/,
    ],
    ["B-frames, by how to turn them off", { hasBFrames: true, isTranscoded: true }, /bframes=0.*NVENC/],
    ["another reason to encode anew", { isTranscoded: true }, /profile/],
    ["few frames", { fps: 8.2 }, /Only 8 frames/],
    ["a stream that falls behind", { lateMs: 2_140 }, /2.1 s late\. Lower the bitrate/],
    ["a silent encoder", { bitrateBps: 0, fps: 0 }, /nothing comes/],
  ])("tell of %s", (_what, change, words) => {
    expect(warn(change)).toMatch(words);
    expect(warn(change).split("\n")).toHaveLength(1);
  });

  it("say nothing of key frames that the server makes itself", () => {
    expect(warn({ hasBFrames: true, isTranscoded: true, gopMs: 8_333 })).not.toContain("key frame");
  });

  it("tell of frames dropped just now, and of lost packets", () => {
    expect(warn({}, { droppedLately: 12 })).toContain("12 just now");
    expect(warn({}, { lossRatio: 0.05 })).toContain("5 % of the packets");
  });

  it("wait for a stream that has just begun", () => {
    expect(warn({ bitrateBps: 0, fps: 0 }, { afterMs: 1_000 })).toBe("");
    expect(warn({ fps: 3 }, { afterMs: 1_000 })).toBe("");
    expect(warn({}, { droppedLately: 80, afterMs: 5_000 })).toBe("");
  });
});

describe("the settings of a broadcast", () => {
  it("go into the form and back, to the minute", () => {
    const settings = {
      ...{ title: "Launch", visibility: "public" as const, pass: null, maxViewers: 0 },
      ...{ startsAtMs: Date.UTC(2030, 6, 1, 10, 30), endsAtMs: null },
    };
    const { pass: _, ...wish } = settings;
    expect(wishOf(draftOf(settings))).toEqual(wish);
    expect(draftOf(settings).startsAt).toMatch(/^2030-0[67]-\d\dT\d\d:\d0$/);
  });

  it("are none but title and visibility unless somebody says so", () => {
    expect(wishOf({ ...NEW_DRAFT, title: " Launch " })).toEqual({
      ...{ title: "Launch", visibility: "private", startsAtMs: null, endsAtMs: null, maxViewers: null },
    });
  });
});

describe("the studio's link", () => {
  it("reads what it wrote, and nothing else", () => {
    const right = { broadcastId: "launch-1", secret: "s".repeat(43) };
    expect(readStudioLink(studioHash(right))).toEqual(right);
    for (const hash of ["", "#", "#launch-1", "#launch-1.short", "#a b.ssssssssssssssssssss"])
      expect(readStudioLink(hash)).toBeUndefined();
  });
});

describe("broadcasts of one's own", () => {
  const storeOf = (initial: string | null) => {
    let kept = initial;
    const store = {
      getItem: () => kept,
      setItem: (_: string, text: string) => {
        kept = text;
      },
    };
    return () => store;
  };
  const own = (broadcastId: string) => ({ broadcastId, secret: "s", title: broadcastId });

  it("are the ten newest, each once, the newest first", () => {
    const store = storeOf(null);
    for (const id of ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "b"])
      keepOwnBroadcast(store, own(id));
    const ids = loadOwnBroadcasts(store).map(({ broadcastId }) => broadcastId);
    expect(ids.join("")).toBe("bkjihgfedc");
    forgetOwnBroadcast(store, "k");
    expect(loadOwnBroadcasts(store)).toHaveLength(9);
  });

  it("are none where nothing is kept, or something else", () => {
    expect(loadOwnBroadcasts(storeOf("{"))).toEqual([]);
    expect(
      loadOwnBroadcasts(() => {
        throw new Error("blocked");
      }),
    ).toEqual([]);
  });
});

describe("the history of viewers", () => {
  const box = { width: 100, height: 10 };

  it("is a curve on which a count holds until the next", () => {
    const history = [
      { atMs: 0, viewers: 0 },
      { atMs: 50, viewers: 2 },
      { atMs: 100, viewers: 1 },
    ];
    expect(curveOf(history, box)).toBe("0,10 50,10 50,0 100,0 100,5 100,5");
    expect(peakOf(history)).toBe(2);
  });

  it("is flat with one sample, and empty with none", () => {
    expect(curveOf([{ atMs: 7, viewers: 3 }], box)).toBe("0,0 100,0");
    expect(curveOf([], box)).toBe("");
  });

  it("keeps the newest samples", () => {
    let history = withSample([], { atMs: 0, viewers: 0 });
    for (let atMs = 1; atMs <= 400; atMs += 1) history = withSample(history, { atMs, viewers: atMs });
    expect(history).toHaveLength(360);
    expect(history.at(-1)?.atMs).toBe(400);
  });
});
