import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventCursor } from "./event-cursor.ts";
import { EventLog } from "./event-log.ts";
import { RoomState } from "./testing/room-state.ts";

const EPOCH = 7;
const event = { name: "snapshot.ended" as const, data: {} };

describe("an event log", () => {
  it("replays to a client at any position what it lacks and no more, or says that it needs a snapshot", () => {
    const limits = fc.record({
      limit: fc.integer({ min: 1, max: 20 }),
      count: fc.nat(60),
      at: fc.nat(70),
      acked: fc.nat(70),
    });
    fc.assert(
      fc.property(limits, ({ limit, count, at, acked }) => {
        const log = new EventLog(EPOCH, limit);
        for (let n = 0; n < count; n += 1) log.append(event);
        log.acknowledge({ epoch: EPOCH, sequence: acked });
        expect(log.size).toBeLessThanOrEqual(limit);
        const replay = log.replay({ epoch: EPOCH, sequence: at });
        const isKept = at <= count && at >= count - log.size;
        expect(replay.state).toBe(isKept ? "events" : "snapshot_needed");
        if (replay.state !== "events") return;
        const cursor = new EventCursor(`${EPOCH}:${at}`);
        expect(replay.events.every((numbered) => cursor.accept(numbered) === "apply")).toBe(true);
        expect(cursor.position).toBe(`${EPOCH}:${count}`);
      }),
      { numRuns: 2_000 },
    );
  });

  it("lets a snapshot longer than its limit through to a client from anywhere", () => {
    const state = new RoomState();
    for (let n = 0; n < 9; n += 1)
      state.peers.set(`p${n}`, { peerId: `p${n}`, identity: "i", name: "", metadata: "", joinedAtMs: 0 });
    const log = new EventLog(EPOCH, 3);
    for (let n = 0; n < 50; n += 1) log.append(event);
    log.restart(state.snapshot(1));
    for (let n = 0; n < 3; n += 1) log.append(event);
    const replay = log.replay({ epoch: EPOCH, sequence: 5 });
    expect(replay.state === "events" && replay.events.map((numbered) => numbered.event.name)).toEqual([
      "snapshot.started",
      ...Array(9).fill("peers.joined"),
      ...Array(4).fill("snapshot.ended"),
    ]);
  });

  it("knows nothing of another epoch", () => {
    const log = new EventLog(EPOCH);
    log.append(event);
    log.acknowledge({ epoch: EPOCH + 1, sequence: 1 });
    expect(log.size).toBe(1);
    expect(log.replay({ epoch: EPOCH - 1, sequence: 0 }).state).toBe("snapshot_needed");
  });
});
