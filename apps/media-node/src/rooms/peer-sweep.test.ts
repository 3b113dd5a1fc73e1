import { expect, it } from "vitest";
import type { Sessions } from "../session/sessions.ts";
import { PeerSweep } from "./peer-sweep.ts";
import type { Rooms } from "./rooms.ts";

type Ended = { identity: string; reason: string; code: string | null };

/** One room of peers with such sessions, looked at once. */
function sweep(sessions: Record<string, { isStalled?: boolean; isAttached?: boolean; silentMs?: number }>) {
  const ended: Ended[] = [];
  const peers = new Map(
    Object.entries(sessions).map(([identity, session]) => {
      const usual = { tick: () => {}, isStalled: false, isAttached: true, silentMs: 0, noteAway: () => {} };
      return [identity, { identity, session: { ...usual, ...session } }];
    }),
  );
  const room = {
    peers,
    broadcast: () => {},
    remove: ({ identity }: { identity: string }, reason: string, code: string | null) => {
      if (peers.delete(identity)) ended.push({ identity, reason, code });
    },
  };
  const rooms = { all: () => [room], prune: () => {}, close: () => {} } as unknown as Rooms;
  const options = { rooms, sessions: { prune: () => {} } as unknown as Sessions, graceMs: 1_000 };
  new PeerSweep({ ...options, now: () => 0 }).sweep();
  return ended;
}

it("a session that acknowledges nothing ends with slow_reader, once", () => {
  const ended = sweep({ ann: {}, bob: { isStalled: true, silentMs: 60_000 } });
  expect(ended).toEqual([{ identity: "bob", reason: "disconnected", code: "slow_reader" }]);
});

it("a session without a socket ends after the grace time; one with a socket may miss proofs of life between two pings", () => {
  const silentMs = 11_000;
  const ended = sweep({
    ann: { silentMs },
    bob: { silentMs, isAttached: false },
    cleo: { silentMs: 13_000 },
  });
  expect(ended.map(({ identity, code }) => [identity, code])).toEqual([
    ["bob", "session_gone"],
    ["cleo", "session_gone"],
  ]);
});
