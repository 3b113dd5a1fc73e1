import { decodeText } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import { parseJson, type RoomEvent, SessionMessage, subjects } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { Session } from "./session.ts";

const METADATA = "x".repeat(4_000);

/** A session whose snapshot has that many events of about 40 KB. */
async function startSession(eventCount: number) {
  const bus = createMemoryBus();
  const received: { message: SessionMessage; bytes: number }[] = [];
  const delivered = Promise.withResolvers<void>();
  bus.subscribe(subjects.session("session-1"), ({ data }) => {
    received.push({ message: parseJson(SessionMessage, decodeText(data)), bytes: data.length });
  });
  bus.subscribe("fence", () => delivered.resolve());
  const peer = { peerId: "peer-1", identity: "ann", name: "Ann", metadata: METADATA, joinedAtMs: 0 };
  const event: RoomEvent = { name: "peers.joined", data: { peers: Array.from({ length: 10 }, () => peer) } };
  const session = new Session({
    sessionId: "session-1",
    epoch: 7,
    bus,
    now: () => 0,
    inbox: undefined,
    snapshot: () => Array.from({ length: eventCount }, () => event),
    act: async () => ({ type: "reply", id: 1, ok: true, data: {} }),
  });
  session.start();
  bus.publish("fence", new Uint8Array());
  await delivered.promise;
  return received;
}

describe("a session", () => {
  it("sends more events than a message should hold in several messages, in order, each event once", async () => {
    const received = await startSession(12);
    const positions = received.flatMap(({ message }) =>
      message.type === "events" ? message.events.map(({ position }) => position) : [],
    );
    expect(positions).toEqual(Array.from({ length: 12 }, (_, index) => `7:${index + 1}`));
    expect(received.length).toBeGreaterThan(1);
    expect(Math.max(...received.map(({ bytes }) => bytes))).toBeLessThanOrEqual(262_144);
  });

  it("makes no more of a large snapshot than the client may have waiting", async () => {
    const received = await startSession(100);
    const bytes = received.reduce((sum, message) => sum + message.bytes, 0);
    expect(bytes).toBeLessThan(600_000);
  });

  it("sends few events in one message", async () => {
    expect(await startSession(5)).toHaveLength(1);
  });
});
