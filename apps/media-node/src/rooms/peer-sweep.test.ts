import { expect, it } from "vitest";
import type { Sessions } from "../session/sessions.ts";
import { PeerSweep } from "./peer-sweep.ts";
import type { Rooms } from "./rooms.ts";

type Ended = { identity: string; reason: string; code: string | null };

type Session = { isStalled: boolean; isAttached: boolean; isPageGone: boolean; silentMs: number };

/** One room of peers with such sessions, looked at once. */
function sweep(sessions: Record<string, Partial<Session>>, graceMs = 1_000) {
  const ended: Ended[] = [];
  const peers = new Map(
    Object.entries(sessions).map(([identity, session]) => {
      const usual = {
        tick: () => {},
        isStalled: false,
        isAttached: true,
        isPageGone: false,
        silentMs: 0,
        noteAway: () => {},
      };
      return [identity, { identity, session: { ...usual, ...session } }];
    }),
  );
  const room = {
    peers,
    members: () => [...peers.values()],
    tell: () => {},
    emptyMs: 0,
    options: { emptyTimeoutMs: 1 },
    span: { sweep: () => {} },
    remove: ({ identity }: { identity: string }, reason: string, code: string | null) => {
      if (peers.delete(identity)) ended.push({ identity, reason, code });
    },
  };
  const rooms = { all: () => [room], prune: () => {}, close: () => {} } as unknown as Rooms;
  const options = { rooms, sessions: { prune: () => {} } as unknown as Sessions, graceMs };
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

it("a session whose page has gone ends long before one whose network has gone, and never after the grace time", () => {
  const unattached = { isAttached: false, silentMs: 3_000 };
  const gone = { ...unattached, isPageGone: true };
  expect(sweep({ ann: gone, bob: unattached }, 15_000).map(({ identity }) => identity)).toEqual(["ann"]);
  expect(sweep({ ann: { ...gone, silentMs: 1_500 } }, 15_000)).toEqual([]);
  expect(sweep({ ann: { ...gone, silentMs: 1_500 }, bob: {} })).toHaveLength(1);
});
