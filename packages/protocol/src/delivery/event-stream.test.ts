import { describe, expect, it } from "vitest";
import type { NumberedEvent, RoomEvent } from "../events.ts";
import { EventStream } from "./event-stream.ts";
import { RoomState } from "./testing/room-state.ts";

const left = (peerId: string): RoomEvent => ({ name: "peer.left", data: { peerId, reason: "left" } });
const sequences = (events: NumberedEvent[]) => events.map(({ position }) => Number(position.split(":")[1]));
const ack = (sequence: number, resend = false) => ({ position: `7:${sequence}`, resend });

function makeUnstarted({ limit = 10, window = 5 } = {}) {
  const clock = { ms: 0 };
  const state = new RoomState();
  const snapshot = () => state.snapshot();
  const stream = new EventStream({ epoch: 7, snapshot, now: () => clock.ms, limit, window });
  return { clock, state, stream };
}

/** A started stream: its snapshot is 1 and 2. */
function makeStream(options = {}) {
  const { clock, stream } = makeUnstarted(options);
  return { clock, stream, first: stream.start() };
}

describe("an event stream", () => {
  it("says nothing before its snapshot, which is the first event whatever happened since the join", () => {
    const { clock, state, stream } = makeUnstarted();
    for (const peerId of ["a", "b"]) {
      const peer = { peerId, identity: peerId, name: "", metadata: "", joinedAtMs: 0 };
      const event: RoomEvent = { name: "peers.joined", data: { peers: [peer] } };
      state.apply(event);
      expect(stream.append(event)).toEqual([]);
    }
    clock.ms += 10_000;
    expect([...stream.tick(), ...stream.acknowledge(ack(0, true)), ...stream.attach("7:0")]).toEqual([]);
    const first = stream.start();
    expect(first.map(({ event }) => event.name)).toEqual([
      "snapshot.started",
      "peers.joined",
      "snapshot.ended",
    ]);
    expect(sequences(first)).toEqual([1, 2, 3]);
    expect(first[1]?.event).toMatchObject({ data: { peers: [{ peerId: "a" }, { peerId: "b" }] } });
  });

  it("begins with a snapshot, and sends each event once", () => {
    const { stream, first } = makeStream();
    expect(first.map(({ event }) => event.name)).toEqual(["snapshot.started", "snapshot.ended"]);
    expect(sequences(stream.append(left("a")))).toEqual([3]);
    expect(sequences(stream.append(left("b")))).toEqual([4]);
  });

  it("has no more than its window on the way; acknowledgements let the rest go", () => {
    const { stream } = makeStream();
    const sent = ["a", "b", "c", "d", "e"].flatMap((peer) => sequences(stream.append(left(peer))));
    expect(sent).toEqual([3, 4, 5]);
    expect(sequences(stream.acknowledge(ack(1)))).toEqual([6]);
    expect(sequences(stream.acknowledge(ack(5)))).toEqual([7]);
    expect([sequences(stream.acknowledge(ack(7))), stream.size]).toEqual([[], 0]);
  });

  it("sends exactly what a returning client missed, and nothing while no socket is there", () => {
    const { stream } = makeStream();
    stream.detach();
    expect(stream.append(left("a"))).toEqual([]);
    expect(stream.tick()).toEqual([]);
    expect(sequences(stream.attach("7:2"))).toEqual([3]);
  });

  it("sends a client that missed more than is kept one snapshot, and the same again if that is lost", () => {
    const { clock, stream } = makeStream({ limit: 3 });
    stream.acknowledge(ack(2));
    stream.detach();
    for (const peer of ["a", "b", "c", "d", "e", "f"]) stream.append(left(peer));
    expect(stream.attach("7:2"), "a snapshot was made a moment ago").toEqual([]);
    clock.ms += 1_000;
    const sent = stream.tick();
    expect(sent.map(({ event }) => event.name)).toEqual(["snapshot.started", "snapshot.ended"]);
    expect(sequences(stream.attach("7:2"))).toEqual(sequences(sent));
  });

  it("sends again every 10 s without an acknowledgement, which may wait for a ping", () => {
    const { clock, stream } = makeStream();
    const resentAt: number[] = [];
    for (clock.ms = 0; clock.ms <= 24_000; clock.ms += 500)
      if (stream.tick().length > 0) resentAt.push(clock.ms);
    expect(resentAt).toEqual([10_000, 20_000]);
  });

  it("is stalled once an attached client has acknowledged nothing for 30 s while events waited", () => {
    const { clock, stream } = makeStream();
    const isStalledAt = (ms: number) => {
      clock.ms = ms;
      stream.tick();
      return stream.isStalled;
    };
    expect([isStalledAt(29_000), isStalledAt(30_000)]).toEqual([false, true]);
    stream.acknowledge(ack(1));
    expect([isStalledAt(59_000), isStalledAt(60_000)], "it counts from the last one").toEqual([false, true]);
    stream.acknowledge(ack(2));
    expect(isStalledAt(600_000), "with nothing to acknowledge it may be silent for ever").toBe(false);
    stream.append(left("a"));
    expect([isStalledAt(629_000), isStalledAt(630_000)]).toEqual([false, true]);
    stream.forgive();
    expect(stream.isStalled).toBe(false);
    stream.detach();
    expect(isStalledAt(700_000), "without a socket the grace time counts").toBe(false);
    stream.attach("7:2");
    expect([isStalledAt(729_000), isStalledAt(730_000)]).toEqual([false, true]);
  });

  it("gives a client of older builds, whose timers acknowledge, more than the minute of a hidden tab", () => {
    const { clock, stream } = makeStream();
    stream.acksByTimers = true;
    const isStalledAt = (ms: number) => {
      clock.ms = ms;
      return stream.isStalled;
    };
    expect([isStalledAt(74_000), isStalledAt(75_000)]).toEqual([false, true]);
  });

  it("grants a wish of somebody who knows of fewer acknowledgements: signaling, when the bus is back", () => {
    const { clock, stream } = makeStream();
    stream.acknowledge(ack(2));
    stream.append(left("a"));
    clock.ms = 1_000;
    expect(sequences(stream.acknowledge(ack(1, true)))).toEqual([3]);
  });

  it("keeps the events of a phone that was away for 10 s, and sends them once it is back", () => {
    const { clock, stream } = makeStream({ limit: 1_000, window: 128 });
    stream.acknowledge(ack(2));
    for (let index = 0; index < 300; index += 1) {
      clock.ms += 33;
      stream.append(left(`p${index}`));
      stream.tick();
    }
    expect(stream.isStalled).toBe(false);
    expect(sequences(stream.acknowledge(ack(130)))).toEqual(Array.from({ length: 128 }, (_, i) => 131 + i));
  });

  it("sends all that is not acknowledged again when the bus is back", () => {
    const { stream } = makeStream();
    stream.append(left("a"));
    stream.acknowledge(ack(1));
    expect(sequences(stream.sendAgain())).toEqual([2, 3]);
    stream.acknowledge(ack(3));
    expect(stream.sendAgain()).toEqual([]);
  });

  it("goes back for a gap at once, but once for many who ask", () => {
    const { clock, stream } = makeStream();
    stream.append(left("a"));
    expect(sequences(stream.acknowledge(ack(1, true)))).toEqual([2, 3]);
    expect(stream.acknowledge(ack(1, true))).toEqual([]);
    clock.ms += 100;
    expect(sequences(stream.acknowledge(ack(1, true)))).toEqual([2, 3]);
  });

  it("keeps a wish that comes within 100 ms of the last, and serves it after that", () => {
    const { clock, stream } = makeStream();
    stream.append(left("a"));
    stream.acknowledge(ack(1, true));
    expect(stream.acknowledge(ack(2, true)), "progress or not").toEqual([]);
    clock.ms += 99;
    expect(stream.tick()).toEqual([]);
    clock.ms += 1;
    expect(sequences(stream.tick())).toEqual([3]);
    expect(stream.tick(), "once").toEqual([]);
  });

  it("hands a log out a few times, however many acknowledgements ask for it again one by one", () => {
    const { clock, stream } = makeStream({ limit: 1_000, window: 128 });
    for (let index = 0; index < 300; index += 1) stream.append(left(`p${index}`));
    let handedOut = 0;
    for (let sequence = 1; sequence <= 201; sequence += 1) {
      handedOut += stream.acknowledge(ack(sequence, true)).length;
      clock.ms += 1;
    }
    expect(handedOut).toBeLessThanOrEqual(3 * 128 + 201);
  });

  it("makes a snapshot once a second, however often a client claims to have nothing", () => {
    const clock = { ms: 0 };
    let snapshots = 0;
    const snapshot = () => {
      snapshots += 1;
      return new RoomState().snapshot();
    };
    const stream = new EventStream({ epoch: 7, snapshot, now: () => clock.ms });
    stream.start();
    for (; clock.ms < 3_000; clock.ms += 10) {
      stream.attach("7:0");
      stream.acknowledge({ position: `7:${2 * snapshots}`, resend: false });
    }
    expect(snapshots).toBe(3);
    clock.ms += 1_000;
    expect(stream.attach("7:0").map(({ event }) => event.name)).toEqual([
      "snapshot.started",
      "snapshot.ended",
    ]);
  });

  it("ignores acknowledgements from the past, the future and another epoch", () => {
    const { stream } = makeStream();
    stream.acknowledge(ack(2));
    stream.append(left("a"));
    for (const other of [ack(1), ack(99, true), { position: "8:3", resend: true }])
      expect(stream.acknowledge(other)).toEqual([]);
    expect(stream.size).toBe(1);
  });

  it("refuses a socket whose position it never had with session_gone", () => {
    const { stream } = makeStream();
    for (const position of ["7:3", "8:1", "6:1"])
      expect(() => stream.attach(position)).toThrow(expect.objectContaining({ code: "session_gone" }));
  });
});
