import { createMemoryBus } from "@fairlead/bus/memory";
import type { FairleadError } from "@fairlead/protocol";
import { expect, it } from "vitest";
import type { PeerInRoom } from "../room/room.ts";
import { Session } from "./session.ts";
import { Sessions } from "./sessions.ts";

function setUp() {
  const clock = { nowMs: 1_000 };
  const now = () => clock.nowMs;
  const sessions = new Sessions(now);
  const base = { epoch: 1, bus: createMemoryBus(), now, inbox: undefined, snapshot: () => [] };
  const act = () => Promise.reject(new Error("nobody commands"));
  const session = new Session({ ...base, sessionId: "s", act });
  const peer = { session, isClosed: false };
  sessions.add("s", { peer } as unknown as PeerInRoom);
  const refusal = (): Partial<FairleadError> => {
    try {
      sessions.peerOf("s");
    } catch (error) {
      return error as FairleadError;
    }
    return expect.fail("it is here");
  };
  return { clock, session, peer, refusal };
}

it.each([
  ["whose seat or room is another now", (session: Session) => session.end("session_gone", "", 6_000)],
  ["whose room lingers here", (session: Session) => session.abandon(6_000)],
])("whoever asks for a session %s hears how long its media goes on still", (_, end) => {
  const { clock, session, peer, refusal } = setUp();
  end(session);
  clock.nowMs += 1_000;
  expect(refusal()).toMatchObject({ code: "session_gone", detail: { overlapMs: 5_000 } });
  peer.isClosed = true;
  expect(refusal()).toMatchObject({ code: "session_gone", detail: undefined });
});

it("one that was put out has no media", () => {
  const { session, refusal } = setUp();
  session.end("peer_removed", "", undefined);
  expect(refusal()).toMatchObject({ code: "peer_removed", detail: undefined });
});
