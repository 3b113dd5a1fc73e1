import type { Acknowledgement, NumberedEvent } from "@fairlead/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventReceiver } from "./event-receiver.ts";

/** Longer than protocol waits with an acknowledgement, and shorter than it waits with asking again. */
const A_LULL_MS = 400;

let applied: string[];
let acks: Acknowledgement[];
let receiver: EventReceiver;
const left = (sequence: number): NumberedEvent => ({
  position: `7:${sequence}`,
  event: { name: "peer.left", data: { peerId: `p${sequence}`, reason: "left" } },
});

beforeEach(() => {
  vi.useFakeTimers();
  applied = [];
  acks = [];
  receiver = new EventReceiver("7:0", {
    now: Date.now,
    apply: (event) => void (event.name === "peer.left" && applied.push(event.data.peerId)),
    acknowledge: (ack) => void acks.push(ack),
  });
  receiver.goLive(false);
});
afterEach(() => {
  receiver.goAway();
  vi.useRealTimers();
});

describe("EventReceiver", () => {
  it("applies in order, and acknowledges the events of a moment once", () => {
    for (const sequence of [1, 2, 3]) receiver.receive(left(sequence));
    expect(applied).toEqual(["p1", "p2", "p3"]);
    expect(acks).toEqual([]);
    vi.advanceTimersByTime(A_LULL_MS);
    expect(acks).toEqual([{ position: "7:3", resend: false }]);
  });

  it("asks at once for what is missing, and applies nothing past the gap", () => {
    for (const sequence of [1, 3, 4]) receiver.receive(left(sequence));
    expect(acks).toEqual([{ position: "7:1", resend: true }]);
    expect(applied).toEqual(["p1"]);
    for (const sequence of [2, 3, 4]) receiver.receive(left(sequence));
    expect(applied).toEqual(["p1", "p2", "p3", "p4"]);
  });

  it("acknowledges a doubled event without applying it again", () => {
    receiver.receive(left(1));
    vi.advanceTimersByTime(A_LULL_MS);
    receiver.receive(left(1));
    vi.advanceTimersByTime(A_LULL_MS);
    expect(applied).toEqual(["p1"]);
    expect(acks).toHaveLength(2);
  });

  it("says nothing for a socket that is gone, and the rest on the next one", () => {
    receiver.receive(left(1));
    receiver.goAway();
    vi.advanceTimersByTime(10_000);
    expect(acks).toEqual([]);
    expect(receiver.position).toBe("7:1");
    receiver.goLive(false);
    vi.advanceTimersByTime(A_LULL_MS);
    expect(acks).toEqual([{ position: "7:1", resend: false }]);
  });

  it("leaves acknowledgements to the pings where the server takes them from there, but asks for a gap at once", () => {
    receiver.goLive(true);
    for (const sequence of [1, 2]) receiver.receive(left(sequence));
    vi.advanceTimersByTime(10_000);
    expect(acks).toEqual([]);
    expect([receiver.pingPosition(), receiver.pingPosition()]).toEqual(["7:2", undefined]);
    receiver.receive(left(4));
    expect(acks).toEqual([{ position: "7:2", resend: true }]);
  });

  it("acknowledges a snapshot as it comes, since the node makes the rest only then", () => {
    receiver.goLive(true);
    const grants = { publish: [], subscribe: true, data: false, moderate: false };
    receiver.receive({
      position: "7:1",
      event: { name: "snapshot.started", data: { roomId: "r", peerId: "me", grants } },
    });
    vi.advanceTimersByTime(A_LULL_MS);
    expect(acks).toEqual([{ position: "7:1", resend: false }]);
    receiver.receive({ position: "7:2", event: { name: "snapshot.ended", data: {} } });
    vi.advanceTimersByTime(A_LULL_MS);
    expect([acks.length, receiver.pingPosition()]).toEqual([1, "7:2"]);
  });
});
