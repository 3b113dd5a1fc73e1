import { describe, expect, it } from "vitest";
import { EventAcknowledger } from "./event-acknowledger.ts";

function makeAcknowledger() {
  const clock = { ms: 0 };
  return { clock, acknowledger: new EventAcknowledger(() => clock.ms, 3) };
}

describe("an event acknowledger", () => {
  it("acknowledges every third event at once, and the rest after 200 ms", () => {
    const { clock, acknowledger } = makeAcknowledger();
    const acks = ["1:1", "1:2", "1:3", "1:4"].map((position) => acknowledger.note("apply", position));
    expect(acks).toEqual([null, null, { position: "1:3", resend: false }, null]);
    expect(acknowledger.tick("1:4")).toBeNull();
    clock.ms = 200;
    expect(acknowledger.tick("1:4")).toEqual({ position: "1:4", resend: false });
    expect(acknowledger.tick("1:4")).toBeNull();
  });

  it("asks once for all that comes behind one gap, and again after 500 ms", () => {
    const { clock, acknowledger } = makeAcknowledger();
    const ask = { position: "1:4", resend: true };
    expect([1, 2, 3].map(() => acknowledger.note("gap", "1:4"))).toEqual([ask, null, null]);
    clock.ms = 500;
    expect(acknowledger.note("gap", "1:4")).toEqual(ask);
    expect(acknowledger.note("gap", "1:6")).toEqual({ position: "1:6", resend: true });
  });

  it("leaves it to the pings where those acknowledge, but for many events at once", () => {
    const { clock, acknowledger } = makeAcknowledger();
    expect(acknowledger.ping("1:0")).toBeUndefined();
    acknowledger.acksByPing = true;
    acknowledger.note("apply", "1:1");
    clock.ms = 5_000;
    expect([acknowledger.tick("1:1"), acknowledger.ping("1:1"), acknowledger.ping("1:1")]).toEqual([
      null,
      "1:1",
      undefined,
    ]);
    const acks = ["1:2", "1:3", "1:4"].map((position) => acknowledger.note("apply", position));
    expect(acks).toEqual([null, null, { position: "1:4", resend: false }]);
  });

  it("does not wait for the ticks of a hidden tab, which come once a minute: what arrives later acknowledges", () => {
    const { clock, acknowledger } = makeAcknowledger();
    expect(acknowledger.note("apply", "1:1")).toBeNull();
    clock.ms = 10_000;
    expect(acknowledger.note("duplicate", "1:1")).toEqual({ position: "1:1", resend: false });
  });

  it("lets pings and what arrives acknowledge what is urgent, where pings do", () => {
    const { clock, acknowledger } = makeAcknowledger();
    Object.assign(acknowledger, { acksByPing: true, isUrgent: true });
    acknowledger.note("apply", "1:1");
    expect(acknowledger.ping("1:1")).toBe("1:1");
    acknowledger.note("apply", "1:2");
    clock.ms = 200;
    expect(acknowledger.note("apply", "1:3")).toEqual({ position: "1:3", resend: false });
  });

  it("answers duplicates, since they say that the node did not hear", () => {
    const { clock, acknowledger } = makeAcknowledger();
    expect(acknowledger.note("duplicate", "1:4")).toBeNull();
    clock.ms = 200;
    expect(acknowledger.tick("1:4")).toEqual({ position: "1:4", resend: false });
  });
});
