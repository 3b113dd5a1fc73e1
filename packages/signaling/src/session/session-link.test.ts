import { encodeJson } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import { subjects } from "@fairlead/protocol";
import { silentLogger } from "@fairlead/telemetry";
import { generateKeySet, type SessionInput } from "@fairlead/tickets";
import { expect, it, vi } from "vitest";
import type { Caller } from "../http/caller.ts";
import type { SentFrame } from "./link-sink.ts";
import { type LinkRegister, SessionLink } from "./session-link.ts";

const SESSION: SessionInput = {
  ...{ sub: "ann", session: "session-1", peer: "peer-1", joinedAtMs: 1, room: "r" },
  ...{ node: "n", incarnation: "i", epoch: 1, ticketId: "t", connection: 1 },
};

/** A link whose session is being opened, at epoch 1. */
async function setUp() {
  const clock = { nowMs: 1_000 };
  const limits = { sessionTicketTtlS: 60, retryDelaysMs: [] };
  const busHistory = { isSettling: false };
  const shared = {
    sessionKeys: await generateKeySet(),
    issuer: "test",
    now: () => clock.nowMs,
    limits,
    busHistory,
  };
  const caller = { shared, bus: createMemoryBus(), log: silentLogger } as unknown as Caller;
  const nobody = { add: () => {}, delete: () => {} };
  const register = { ...nobody, rooms: nobody, inbox: nobody } as unknown as LinkRegister;
  const sent: SentFrame[] = [];
  const over = vi.fn();
  const link = new SessionLink(caller, register, {
    takesSeveral: true,
    send: (frame) => void sent.push(frame),
    isOpen: () => true,
    onOver: over,
  });
  const start = async () => {
    await link.start(SESSION, "1:0", () => ({ type: "pong" }));
    return sent.filter(({ type }) => type === "moved");
  };
  const moves = () => sent.filter(({ type }) => type === "moved");
  /** As the node says it on the session's subject. */
  const end = (more: object) =>
    caller.bus.publish(
      subjects.session("session-1"),
      encodeJson({ type: "ended", connection: 1, code: "session_gone", message: "", ...more }),
    );
  return { link, clock, start, over, end, moves, sent, caller };
}

it("a move that is heard before the node's answer is told after it, with what is left of the overlap", async () => {
  const { link, clock, start } = await setUp();
  link.handleMoved(2, 6_000);
  clock.nowMs += 500;
  expect(await start()).toEqual([{ type: "moved", roomId: "r", epoch: 2, overlapMs: 5_500 }]);
});

it.each([
  ["before the place before", [undefined, 6_000], 6_000],
  ["after the place before", [6_000, undefined], 6_000],
  ["alone", [undefined], undefined],
])("a move of which the next place tells %s", async (_, told, overlapMs) => {
  const { link, start } = await setUp();
  for (const one of told) link.handleMoved(2, one);
  expect(await start()).toEqual([{ type: "moved", roomId: "r", epoch: 2, overlapMs }]);
});

it("of two moves the last one is told", async () => {
  const { link, start } = await setUp();
  link.handleMoved(2, 6_000);
  link.handleMoved(3);
  link.handleMoved(2, 6_000);
  expect(await start()).toEqual([{ type: "moved", roomId: "r", epoch: 3, overlapMs: undefined }]);
});

it("an overlap that is heard of after the move is told once", async () => {
  const { link, start, moves } = await setUp();
  await start();
  for (const overlapMs of [undefined, 6_000, 6_000]) link.handleMoved(2, overlapMs);
  link.handleMoved(1, 6_000);
  expect(moves().map((moved) => "overlapMs" in moved && moved.overlapMs)).toEqual([undefined, 6_000]);
});

it("a client that joins at the next place hears before the answer that the former one goes on, if it was said in vain before", async () => {
  const { link, sent } = await setUp();
  for (const overlapMs of [undefined, 6_000]) link.handleMoved(1, overlapMs);
  await link.start(SESSION, "1:0", () => ({ type: "joined" }) as SentFrame);
  expect(sent).toEqual([{ type: "moved", roomId: "r", epoch: 1, overlapMs: 6_000 }, { type: "joined" }]);
});

it("an answer that the session is gone has what its node says of the overlap", async () => {
  const { link, start, over, caller } = await setUp();
  await start();
  const error = { code: "session_gone", message: "", detail: { overlapMs: 5_000 } };
  caller.bus.subscribe(subjects.nodeCall("i"), ({ respond }) => respond?.(encodeJson({ ok: false, error })));
  await link.command({ id: 1, settledBelow: 1, name: "session.leave", data: {} });
  expect(over.mock.calls).toMatchObject([[{ code: "session_gone", detail: { overlapMs: 5_000 } }]]);
});

it("a session whose room or seat is another now ends with the overlap in the error's detail", async () => {
  const { link, start, end, over } = await setUp();
  link.listen("session-1", "r");
  await start();
  end({ overlapMs: 6_000 });
  await expect
    .poll(() => over.mock.calls)
    .toMatchObject([[{ code: "session_gone", detail: { overlapMs: 6_000 } }]]);
});

it("its overlap is told as the move's where that was heard first", async () => {
  const { link, start, end, over, moves } = await setUp();
  link.listen("session-1", "r");
  await start();
  link.handleMoved(2);
  end({ overlapMs: 6_000 });
  await expect.poll(moves).toMatchObject([{ epoch: 2 }, { epoch: 2, overlapMs: 6_000 }]);
  expect(over).not.toHaveBeenCalled();
});
