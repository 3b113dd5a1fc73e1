import { describe, expect, it } from "vitest";
import { bitrateText, countersOf, healthBetween, limitText } from "./health.ts";
import { forgetOwnBroadcast, keepOwnBroadcast, loadOwnBroadcasts } from "./own-broadcasts.ts";
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
