import type { Acknowledgement, NumberedEvent } from "@fairlead/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ACK_DELAY_MS, EventReceiver, RESEND_INTERVAL_MS } from "./event-receiver.ts";

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
    apply: (event) => void (event.name === "peer.left" && applied.push(event.data.peerId)),
    acknowledge: (ack) => void acks.push(ack),
  });
});
afterEach(() => vi.useRealTimers());

describe("EventReceiver", () => {
  it("acknowledges the events of a moment once", () => {
    for (const sequence of [1, 2, 3]) receiver.receive(left(sequence));
    expect(acks).toEqual([]);
    vi.advanceTimersByTime(ACK_DELAY_MS);
    expect(acks).toEqual([{ position: "7:3", resend: false }]);
    expect(applied).toEqual(["p1", "p2", "p3"]);
  });

  it("asks at once for what is missing, once for all that follows the gap, and again when it does not come", () => {
    receiver.receive(left(1));
    receiver.receive(left(3));
    receiver.receive(left(4));
    expect(acks).toEqual([{ position: "7:1", resend: true }]);
    vi.advanceTimersByTime(RESEND_INTERVAL_MS);
    receiver.receive(left(5));
    expect(acks).toEqual([
      { position: "7:1", resend: true },
      { position: "7:1", resend: true },
    ]);
    for (const sequence of [2, 3, 4, 5]) receiver.receive(left(sequence));
    expect(applied).toEqual(["p1", "p2", "p3", "p4", "p5"]);
  });

  it("acknowledges a doubled event without applying it again", () => {
    receiver.receive(left(1));
    vi.advanceTimersByTime(ACK_DELAY_MS);
    receiver.receive(left(1));
    vi.advanceTimersByTime(ACK_DELAY_MS);
    expect(applied).toEqual(["p1"]);
    expect(acks).toHaveLength(2);
  });

  it("says nothing for a socket that is gone", () => {
    receiver.receive(left(1));
    receiver.pause();
    vi.advanceTimersByTime(10_000);
    expect(acks).toEqual([]);
    expect(receiver.position).toBe("7:1");
  });
});
