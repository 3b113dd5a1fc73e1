import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RoomEvent } from "../events.ts";
import { EventCursor } from "./event-cursor.ts";
import { EventLog } from "./event-log.ts";
import { RoomState } from "./testing/room-state.ts";

const EPOCH = 7;
const GRANTS = { publish: [], subscribe: true, data: false, moderate: false };
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
        const log = new EventLog(EPOCH, { limit });
        for (let n = 0; n < count; n += 1) log.append(event);
        expect(log.head).toBe(Math.min(count, limit + 1));
        log.acknowledge({ epoch: EPOCH, sequence: acked });
        expect(log.size).toBeLessThanOrEqual(limit);
        const replay = log.replay({ epoch: EPOCH, sequence: at });
        const isKept = count <= limit && at <= count && at >= count - log.size;
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
    const log = new EventLog(EPOCH, { limit: 3 });
    for (let n = 0; n < 50; n += 1) log.append(event);
    log.restart(state.snapshot(1));
    for (let n = 0; n < 3; n += 1) log.append(event);
    const replay = log.replay({ epoch: EPOCH, sequence: 2 });
    expect(replay.state === "events" && replay.events.map((numbered) => numbered.event.name)).toEqual([
      "snapshot.started",
      ...Array(9).fill("peers.joined"),
      ...Array(4).fill("snapshot.ended"),
    ]);
  });

  it("is dropped past its bytes, and keeps nothing until a snapshot begins it anew", () => {
    const log = new EventLog(EPOCH, { maxBytes: 30, sizeOf: () => 10 });
    for (let n = 0; n < 3; n += 1) log.append(event);
    log.acknowledge({ epoch: EPOCH, sequence: 1 });
    log.append(event);
    expect(log.size).toBe(3);
    for (let n = 0; n < 2; n += 1) log.append(event);
    expect(log.size).toBe(0);
    expect(log.replay({ epoch: EPOCH, sequence: log.head }).state).toBe("snapshot_needed");
    log.restart(new RoomState().snapshot());
    log.append(event);
    expect(log.replay({ epoch: EPOCH, sequence: 2 })).toMatchObject({ events: { length: 3 } });
  });

  it("makes a snapshot only as far ahead as it may, and the rest as it is acknowledged, with what happened before behind it", () => {
    let made = 0;
    function* snapshot(): Generator<RoomEvent> {
      yield { name: "snapshot.started", data: { roomId: "r", peerId: "me", grants: GRANTS } };
      for (; made < 100; made += 1) yield { name: "peers.joined", data: { peers: [] } };
      yield event;
    }
    const log = new EventLog(EPOCH, { limit: 5, snapshotAheadBytes: 30, sizeOf: () => 10 });
    log.restart(snapshot());
    for (let n = 0; n < 3; n += 1) log.append({ name: "speaker.changed", data: { peerId: `p${n}` } });
    const names: string[] = [];
    let largest = 0;
    for (let sequence = 0; sequence < 105; ) {
      const replay = log.replay({ epoch: EPOCH, sequence }, 128);
      if (replay.state !== "events") throw new Error("the snapshot is lost");
      names.push(...replay.events.map((numbered) => numbered.event.name));
      largest = Math.max(largest, log.size);
      sequence += replay.events.length;
      log.acknowledge({ epoch: EPOCH, sequence });
    }
    expect(names).toEqual([
      "snapshot.started",
      ...Array(100).fill("peers.joined"),
      "snapshot.ended",
      ...Array(3).fill("speaker.changed"),
    ]);
    expect(largest, "three events ahead, three behind").toBeLessThanOrEqual(6);
  });

  it("knows nothing of another epoch", () => {
    const log = new EventLog(EPOCH);
    log.append(event);
    log.acknowledge({ epoch: EPOCH + 1, sequence: 1 });
    expect(log.size).toBe(1);
    expect(log.replay({ epoch: EPOCH - 1, sequence: 0 }).state).toBe("snapshot_needed");
  });
});
