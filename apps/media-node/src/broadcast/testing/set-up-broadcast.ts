import { createMemoryBus } from "@fairlead/bus/memory";
import { type BroadcastRecord, type ErrorCode, type RoomEvent, RoomOptions } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { noMetrics, silentLogger } from "@fairlead/telemetry";
import type { types } from "mediasoup";
import { expect } from "vitest";
import { type HookFacts, noHooks } from "../../hooks/hooks.ts";
import type { Peer } from "../../room/peer.ts";
import type { Room } from "../../room/room.ts";
import { Roster } from "../../room/roster.ts";
import { RoomBroadcast } from "../room-broadcast.ts";
import { recordOf } from "./record-of.ts";

/** A producer whose media comes when a test says so. */
export function makeSource() {
  const source = { bytes: 0, send: () => (source.bytes += 1_000), producer: {} as types.Producer };
  source.producer = {
    getStats: async () => [{ byteCount: source.bytes, bitrate: 8_000, fractionLost: 64 }],
  } as unknown as types.Producer;
  return source;
}

/** A broadcast in a room without media, on a clock that the test sets. */
export async function setUpBroadcast(settings: Partial<BroadcastRecord> = {}) {
  const clock = { ms: 1_000_000 };
  /** How far the wall clock is from it. */
  const wall = { offsetMs: 0 };
  const registry = createMemoryRegistry({ now: () => clock.ms });
  const record = recordOf(settings);
  await registry.updateRoom("show", {
    options: RoomOptions.parse({ kind: "broadcast" }),
    broadcast: { write: record, ifRevision: null },
  });
  const told: RoomEvent[] = [];
  const removed: { peerId: string; code: ErrorCode | null }[] = [];
  let isEnded = false;
  const done: HookFacts[] = [];
  const hooks = { ...noHooks, tellPublishDone: (facts: HookFacts) => void done.push(facts) };
  const roster = new Roster();
  const room = Object.assign(roster, {
    roomId: "show",
    lease: { roomId: "show", nodeId: "n", incarnation: "i", core: 0, epoch: 7 },
    isClosed: false,
    log: silentLogger,
    deps: { bus: createMemoryBus(), now: () => clock.ms + wall.offsetMs, metrics: noMetrics },
    arrivals: { tell: () => {} },
    tellMembers: (event: RoomEvent) => void told.push(event),
    remove: (peer: Peer, _reason: string, code: ErrorCode | null) => {
      removed.push({ peerId: peer.peerId, code });
      roster.peers.delete(peer.peerId);
      roster.audience.delete(peer);
    },
  }) as unknown as Room;
  const make = (from: BroadcastRecord) =>
    new RoomBroadcast({
      room,
      record: from,
      registry,
      hooks,
      elapsed: () => clock.ms,
      onEnded: () => (isEnded = true),
    });
  const written = async () =>
    (await registry.describeRoom("show"))?.broadcast ?? expect.fail("no broadcast in the record");
  const publish = async (broadcast: RoomBroadcast) => {
    const source = makeSource();
    const closed: string[] = [];
    const facts = {
      broadcastId: "show",
      kind: "whip" as const,
      sessionId: "s",
      identity: null,
      cacheKey: "k",
    };
    const holder = await broadcast.claim({
      kind: "whip",
      facts,
      producers: () => [source.producer],
      close: (reason) => void closed.push(reason),
    });
    return { source, closed, holder };
  };
  const states = () =>
    told.flatMap((event) => (event.name === "broadcast.changed" ? [event.data.state] : []));
  return {
    broadcast: make(record),
    make,
    clock,
    wall,
    registry,
    room,
    told,
    states,
    removed,
    written,
    publish,
    done,
    isEnded: () => isEnded,
  };
}
