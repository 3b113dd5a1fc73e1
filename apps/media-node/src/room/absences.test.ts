import { createMemoryBus } from "@fairlead/bus/memory";
import type { RoomEvent } from "@fairlead/protocol";
import { expect, it } from "vitest";
import { Session } from "../session/session.ts";
import { tellAbsences } from "./absences.ts";
import type { Peer } from "./peer.ts";
import type { Room } from "./room.ts";

/** A room of such peers, all with a socket, and what it is told. */
function setUp(peerIds: string[]) {
  let nowMs = 0;
  const told: RoomEvent[] = [];
  const bus = createMemoryBus();
  const peers = new Map(
    peerIds.map((peerId) => {
      const session = new Session({
        sessionId: peerId,
        epoch: 1,
        bus,
        now: () => nowMs,
        inbox: undefined,
        snapshot: () => [],
        act: async () => ({ type: "reply", id: 1, ok: true, data: {} }),
      });
      session.start();
      return [peerId, { peerId, session, isAway: false } as Peer];
    }),
  );
  const room = { peers, tell: (event: RoomEvent) => void told.push(event) } as unknown as Room;
  const sweep = () => {
    tellAbsences(room);
    return told.splice(0);
  };
  const sessionOf = (peerId: string) => (peers.get(peerId) as Peer).session;
  return { sweep, sessionOf, pass: (ms: number) => (nowMs += ms) };
}

const away = (...peerIds: string[]): RoomEvent => ({ name: "peers.away", data: { peerIds } });
const back = (peerId: string): RoomEvent => ({ name: "peer.back", data: { peerId } });

it("a peer is away after five seconds without a socket, once, and back when it resumes", () => {
  const { sweep, sessionOf, pass } = setUp(["ann"]);
  sessionOf("ann").detach(1);
  pass(5_000);
  expect(sweep()).toEqual([]);
  pass(1);
  expect([sweep(), sweep()]).toEqual([[away("ann")], []]);
  sessionOf("ann").attach("1:0", undefined);
  expect([sweep(), sweep()]).toEqual([[back("ann")], []]);
});

it("a peer whose socket is silent is away after two missed proofs of life, and back with the next", () => {
  const { sweep, sessionOf, pass } = setUp(["ann"]);
  pass(7_000);
  expect(sweep()).toEqual([]);
  pass(1);
  expect(sweep()).toEqual([away("ann")]);
  sessionOf("ann").noteAlive(1);
  expect(sweep()).toEqual([back("ann")]);
});

it("peers that vanish together are told together, at most fifty to an event", () => {
  const ids = Array.from({ length: 120 }, (_, index) => `p${index}`);
  const { sweep, pass } = setUp(ids);
  pass(7_001);
  expect(sweep()).toEqual([away(...ids.slice(0, 50)), away(...ids.slice(50, 100)), away(...ids.slice(100))]);
});

it("time in which the bus was away makes nobody away, and brings nobody back", () => {
  const { sweep, sessionOf, pass } = setUp(["ann", "bob"]);
  sessionOf("ann").detach(1);
  pass(5_500);
  expect(sweep()).toEqual([away("ann")]);
  pass(60_000);
  for (const id of ["ann", "bob"]) sessionOf(id).forgiveSilence();
  expect(sweep()).toEqual([]);
});
