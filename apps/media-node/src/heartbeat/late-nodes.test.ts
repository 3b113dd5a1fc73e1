import { serveSubject } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import { type NodeCallReply, subjects } from "@fairlead/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LateNodes } from "./late-nodes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const bus = createMemoryBus();
  const beats: string[][] = [];
  const lateNodes: LateNodes = new LateNodes({ bus, beat: () => beats.push(lateNodes.takeSuspects()) });
  let pings = 0;
  const serve = (
    incarnation: string,
    answer: () => NodeCallReply<"node.ping"> | Promise<NodeCallReply<"node.ping">>,
  ) =>
    serveSubject(
      bus,
      subjects.nodePing(incarnation),
      {
        "node.ping": () => {
          pings += 1;
          return answer();
        },
      },
      { onBug: () => {} },
    );
  return { lateNodes, beats, serve, pings: () => pings };
}

const late = (silentMs: number) => [{ incarnation: "late-run", silentMs, intervalMs: 500 }];
const SUSPECTED_MS = 1_220;

describe("a node that is late", () => {
  it("is suspected by a beat at once when nobody answers for it, once it was silent for 1.2 s", async () => {
    const { lateNodes, beats } = setUp();
    lateNodes.note(late(700));
    await vi.advanceTimersByTimeAsync(SUSPECTED_MS - 700 - 1);
    expect(beats).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(beats).toEqual([["late-run"]]);
    expect(lateNodes.takeSuspects()).toEqual([]);
  });

  it("is asked at once when it has been silent for longer, and again each time it is named", async () => {
    const { lateNodes, beats } = setUp();
    for (const silentMs of [1_500, 2_000]) {
      lateNodes.note(late(silentMs));
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(beats).toEqual([["late-run"], ["late-run"]]);
  });

  it("is not suspected when it answers", async () => {
    const { lateNodes, beats, serve, pings } = setUp();
    serve("late-run", () => ({}));
    lateNodes.note(late(1_300));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(pings()).toBe(1);
    expect(beats).toEqual([]);
    expect(lateNodes.lastHeardOf("late-run")).toMatchObject({ hasAnswered: true });
  });

  it("is not suspected when it listens and does not answer: a busy node is slow", async () => {
    const { lateNodes, beats, serve, pings } = setUp();
    serve("late-run", () => new Promise(() => {}));
    lateNodes.note(late(1_300));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(pings()).toBe(1);
    expect(beats).toEqual([]);
    expect(lateNodes.lastHeardOf("late-run")).toMatchObject({ hasAnswered: false });
  });

  it("is not asked when it has beaten meanwhile", async () => {
    const { lateNodes, beats } = setUp();
    lateNodes.note(late(700));
    await vi.advanceTimersByTimeAsync(400);
    lateNodes.note([]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(beats).toEqual([]);
  });

  it("is not asked after the watch ends", async () => {
    const { lateNodes, beats } = setUp();
    lateNodes.note(late(700));
    lateNodes.stop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(beats).toEqual([]);
  });
});
