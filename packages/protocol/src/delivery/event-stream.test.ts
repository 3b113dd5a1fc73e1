import { describe, expect, it } from "vitest";
import type { NumberedEvent, RoomEvent } from "../events.ts";
import { EventStream } from "./event-stream.ts";
import { RoomState } from "./testing/room-state.ts";

const left = (peerId: string): RoomEvent => ({ name: "peer.left", data: { peerId, reason: "left" } });
const sequences = (events: NumberedEvent[]) => events.map(({ position }) => Number(position.split(":")[1]));
const ack = (sequence: number, resend = false) => ({ position: `7:${sequence}`, resend });

/** A started stream: its snapshot is 1 and 2. */
function makeStream({ limit = 10, window = 5 } = {}) {
  const clock = { ms: 0 };
  const snapshot = () => new RoomState().snapshot();
  const stream = new EventStream({ epoch: 7, snapshot, now: () => clock.ms, limit, window });
  return { clock, stream, first: stream.start() };
}

describe("an event stream", () => {
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
    const { stream } = makeStream({ limit: 3 });
    stream.acknowledge(ack(2));
    stream.detach();
    for (const peer of ["a", "b", "c", "d", "e", "f"]) stream.append(left(peer));
    const sent = stream.attach("7:2");
    expect(sent.map(({ event }) => event.name)).toEqual(["snapshot.started", "snapshot.ended"]);
    expect(sequences(stream.attach("7:2"))).toEqual(sequences(sent));
  });

  it("sends again after 1 s without an acknowledgement, then 2, 4, 8 and 8", () => {
    const { clock, stream } = makeStream();
    const resentAt: number[] = [];
    for (clock.ms = 0; clock.ms <= 24_000; clock.ms += 500)
      if (stream.tick().length > 0) resentAt.push(clock.ms);
    expect(resentAt).toEqual([1_000, 3_000, 7_000, 15_000, 23_000]);
  });

  it("goes back for a gap at once, but once for many who ask", () => {
    const { clock, stream } = makeStream();
    stream.append(left("a"));
    expect(sequences(stream.acknowledge(ack(1, true)))).toEqual([2, 3]);
    expect(stream.acknowledge(ack(1, true))).toEqual([]);
    clock.ms += 100;
    expect(sequences(stream.acknowledge(ack(1, true)))).toEqual([2, 3]);
  });

  it("ignores acknowledgements from the past, the future and another epoch", () => {
    const { stream } = makeStream();
    stream.acknowledge(ack(2));
    stream.append(left("a"));
    for (const other of [ack(1, true), ack(99, true), { position: "8:3", resend: true }])
      expect(stream.acknowledge(other)).toEqual([]);
    expect(stream.size).toBe(1);
  });

  it("refuses a socket whose position it never had with session_gone", () => {
    const { stream } = makeStream();
    for (const position of ["7:3", "8:1", "6:1"])
      expect(() => stream.attach(position)).toThrow(expect.objectContaining({ code: "session_gone" }));
  });
});
