import type { types } from "mediasoup";
import { expect, it } from "vitest";
import type { Seat, SeatListener } from "./seat.ts";
import { Speakers } from "./speakers.ts";

/** Seats of peers, each with one microphone of its peer's name. */
function setUp(peersBySeat: string[][]) {
  const clock = { nowMs: 0 };
  const seatOf = new Map<string, Seat>();
  const told: (string | null)[] = [];
  const levels: string[][] = [];
  const speakers = new Speakers({
    senderOf: ({ id }) => (seatOf.has(id) ? { peerId: id } : undefined),
    seatOf: (peerId) => seatOf.get(peerId),
    tellLevels: (all) => levels.push(all.map(({ peerId }) => peerId)),
    tellSpeaker: (peerId) => told.push(peerId),
    now: () => clock.nowMs,
  });
  const listeners = peersBySeat.map((peers) => {
    let listener: SeatListener | undefined;
    const seat = { listen: (given: SeatListener) => (listener = given) } as unknown as Seat;
    for (const peerId of peers) seatOf.set(peerId, seat);
    speakers.listen(seat);
    return listener ?? expect.fail("nobody listens");
  });
  /** A seat tells its levels, half a second after its last ones. */
  const hear = (seat: number, loudness: Record<string, number>) => {
    const loudest = Object.entries(loudness).sort((a, b) => b[1] - a[1]);
    listeners[seat]?.onLevels(
      loudest.map(([id, volumeDbov]) => ({ producer: { id } as types.Producer, volumeDbov })),
    );
  };
  const dominate = (seat: number, id: string) => listeners[seat]?.onDominantSpeaker({ id } as types.Producer);
  const later = (ms: number) => {
    clock.nowMs += ms;
  };
  return { speakers, told, levels, hear, dominate, later };
}

it("levels of all seats are told as one, loudest first, and no more often than one seat's", () => {
  const { levels, hear, later } = setUp([["ann", "bob"], ["cleo"]]);
  hear(0, { ann: -30, bob: -50 });
  later(200);
  hear(1, { cleo: -40 });
  later(300);
  hear(0, { ann: -30, bob: -50 });
  expect(levels).toEqual([
    ["ann", "bob"],
    ["ann", "cleo", "bob"],
  ]);
  later(200);
  hear(1, {});
  hear(0, {});
  expect(levels.at(-1)).toEqual([]);
});

it("within a seat its own observer chooses the speaker; between seats only one that is clearly louder for a second", () => {
  const { told, hear, dominate, later } = setUp([["ann", "bob"], ["cleo"]]);
  const round = (home: Record<string, number>, guest: Record<string, number>) => {
    later(500);
    hear(0, home);
    hear(1, guest);
  };
  dominate(0, "ann");
  dominate(1, "cleo");
  expect(told).toEqual(["ann"]);
  dominate(0, "bob");
  expect(told).toEqual(["ann", "bob"]);
  for (let times = 0; times < 10; times += 1) round({ bob: -30 }, { cleo: times % 2 === 0 ? -20 : -28 });
  expect(told, "no flapping between seats").toEqual(["ann", "bob"]);
  for (let times = 0; times < 3; times += 1) round({ bob: -30 }, { cleo: -20 });
  expect(told).toEqual(["ann", "bob", "cleo"]);
});

it("a speaker that falls silent or leaves makes way for whoever speaks on another seat", () => {
  const { speakers, told, hear, dominate, later } = setUp([["ann"], ["cleo"]]);
  dominate(0, "ann");
  for (let times = 0; times < 3; times += 1) {
    later(500);
    hear(0, {});
    hear(1, { cleo: -35 });
  }
  expect(speakers.speakerId).toBe("cleo");
  speakers.handleLeft("cleo");
  expect(told).toEqual(["ann", null, "cleo", null]);
});
