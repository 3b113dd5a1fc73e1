import { describe, expect, it } from "vitest";
import { BansAhead } from "./bans-ahead.ts";

const leaseOf = (epoch: number, roomId = "a") => ({
  lease: { roomId, epoch, nodeId: "n", incarnation: "i", core: 0 },
});

function setUp() {
  const clock = { nowMs: 1_000_000 };
  const bans = new BansAhead(() => clock.nowMs);
  bans.add("a", { identity: "ann", epoch: 5 });
  return { bans, clock };
}

describe("bans that come before their room", () => {
  it("count for the lease they were made under and older ones, not for later ones", () => {
    const { bans } = setUp();
    expect([4, 5, 6].map((epoch) => bans.of(leaseOf(epoch)))).toEqual([["ann"], ["ann"], []]);
    expect(bans.of(leaseOf(5, "b"))).toEqual([]);
  });

  it("count for any lease that the node made itself, without the registry", () => {
    expect(setUp().bans.of({ ...leaseOf(99), isLocal: true })).toEqual(["ann"]);
  });

  it("end when they are lifted, each by itself", () => {
    const { bans } = setUp();
    bans.add("a", { identity: "bob", epoch: 5 });
    bans.lift("a", "ann");
    expect(bans.of(leaseOf(5))).toEqual(["bob"]);
  });

  it("are kept for a minute from when they were last made", () => {
    const { bans, clock } = setUp();
    clock.nowMs += 59_999;
    bans.prune();
    expect(bans.of(leaseOf(5))).toEqual(["ann"]);
    bans.add("a", { identity: "ann", epoch: 5 });
    clock.nowMs += 59_999;
    bans.prune();
    expect(bans.of(leaseOf(5))).toEqual(["ann"]);
    clock.nowMs += 1;
    bans.prune();
    expect(bans.of(leaseOf(5))).toEqual([]);
  });
});
