import { decodeText } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import { type RoomEvent, subjects } from "@fairlead/protocol";
import { describe, expect, it, vi } from "vitest";
import { broadcastEvent, broadcastTransient } from "./broadcast.ts";
import { Session } from "./session.ts";

const LEFT: RoomEvent = { name: "peer.left", data: { peerId: "peer-1", reason: "left" } };
const LEVELS = { name: "audio.levels" as const, data: { levels: [] } };

/** Sessions, each with its snapshot, and every message since then. */
async function start(inboxes: Record<string, string | undefined>) {
  const bus = createMemoryBus();
  const messages: { subject: string; text: string }[] = [];
  const sessions = Object.entries(inboxes).map(
    ([sessionId, inbox]) =>
      new Session({
        sessionId,
        epoch: 7,
        bus,
        now: () => 0,
        inbox,
        snapshot: () => [{ name: "snapshot.ended", data: {} }],
        act: async () => ({ type: "reply", id: 1, ok: true, data: {} }),
      }),
  );
  for (const session of sessions) session.start();
  await null;
  bus.subscribe("fairlead.session.*", ({ subject, data }) => {
    messages.push({ subject, text: decodeText(data) });
  });
  return { bus, sessions, messages };
}

describe("what a room tells many sessions", () => {
  it("goes to each signaling process once, and is written once", async () => {
    const write = vi.spyOn(JSON, "stringify");
    const { bus, sessions, messages } = await start({ s1: "here", s2: "there", s3: "here" });
    write.mockClear();
    broadcastEvent(bus, sessions, LEFT);
    await null;
    expect(write.mock.calls.filter(([value]) => value === LEFT)).toHaveLength(1);
    write.mockRestore();
    expect(messages.map(({ subject, text }) => [subject, ...text.split("\n")])).toEqual([
      [
        subjects.inbox("here"),
        JSON.stringify({
          type: "events",
          to: [
            ["s1", 1, "7:2"],
            ["s3", 1, "7:2"],
          ],
        }),
        JSON.stringify(LEFT),
      ],
      [
        subjects.inbox("there"),
        JSON.stringify({ type: "events", to: [["s2", 1, "7:2"]] }),
        JSON.stringify(LEFT),
      ],
    ]);
  });

  it("goes to a session of an older signaling process on the session's own subject", async () => {
    const { bus, sessions, messages } = await start({ s1: undefined });
    broadcastEvent(bus, sessions, LEFT);
    broadcastTransient(bus, sessions, LEVELS);
    await null;
    expect(messages.map(({ subject, text }) => [subject, JSON.parse(text)])).toEqual([
      [subjects.session("s1"), { type: "events", connection: 1, events: [{ position: "7:2", event: LEFT }] }],
      [subjects.session("s1"), { type: "transient", connection: 1, transient: LEVELS }],
    ]);
  });

  it("waits for a session without a socket, which gets it with what else it missed; levels it never gets", async () => {
    const { bus, sessions, messages } = await start({ s1: "here" });
    sessions[0]?.detach(1);
    broadcastEvent(bus, sessions, LEFT);
    broadcastTransient(bus, sessions, LEVELS);
    await null;
    expect(messages).toEqual([]);
    sessions[0]?.attach("7:0", "there");
    await null;
    expect(messages.map(({ subject, text }) => [subject, text.split("\n").length])).toEqual([
      [subjects.session("s1"), 1],
      [subjects.inbox("there"), 3],
    ]);
  });
});
