import type { ServedLease } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { LeaseReport } from "./lease-report.ts";

const KNOWN = { needsAllLeases: false };

function lease(roomId: string, given: Partial<ServedLease> = {}): ServedLease {
  return { roomId, core: 0, epoch: 5_000_000_007, peers: 4, isLocal: false, ...given };
}

/** Composes beats 500 ms apart, each answered unless said otherwise, and says which rooms they named. */
function beating() {
  const report = new LeaseReport();
  let nowMs = 1_000;
  return (served: ServedLease[], { isAnswered = true, pauseMs = 500, reply = KNOWN } = {}) => {
    nowMs += pauseMs;
    const leases = report.compose(served, nowMs);
    if (isAnswered) report.noteAnswer(leases, nowMs, reply);
    const named = leases.named.map(({ roomId }) => roomId);
    return leases.isComplete ? `all: ${named}` : named.join();
  };
}

describe("a heartbeat names", () => {
  it("all leases first, then none as long as nothing changes, and adds all up in two numbers", () => {
    const beat = beating();
    const served = [lease("a"), lease("b")];
    expect(beat(served)).toBe("all: a,b");
    expect(beat(served)).toBe("");
    const { count, epochSum } = new LeaseReport().compose(served, 0);
    expect({ count, epochSum }).toEqual({ count: 2, epochSum: 14 });
  });

  it("a room that was opened, until a beat that says so is answered", () => {
    const beat = beating();
    beat([]);
    expect(beat([lease("a")], { isAnswered: false })).toBe("a");
    expect(beat([lease("a")])).toBe("a");
    expect(beat([lease("a")])).toBe("");
  });

  it("a room under another epoch, or on another core", () => {
    const beat = beating();
    beat([lease("a"), lease("b")]);
    expect(beat([lease("a", { epoch: 8 }), lease("b", { core: 1 })])).toBe("a,b");
  });

  it("a room whose peers are two more or fewer, or a quarter where that is more", () => {
    const beat = beating();
    beat([lease("a", { peers: 4 }), lease("b", { peers: 40 })]);
    expect(beat([lease("a", { peers: 5 }), lease("b", { peers: 49 })])).toBe("");
    expect(beat([lease("a", { peers: 6 }), lease("b", { peers: 50 })])).toBe("a,b");
    expect(beat([lease("a", { peers: 4 }), lease("b", { peers: 38 })])).toBe("a");
  });

  it("all of them when the registry asks for it, and not for a silence alone", () => {
    const beat = beating();
    beat([lease("a")]);
    expect(beat([lease("a")], { reply: { needsAllLeases: true } })).toBe("");
    expect(beat([lease("a")])).toBe("all: a");
    expect(beat([lease("a")], { isAnswered: false })).toBe("");
    expect(beat([lease("a")], { isAnswered: false })).toBe("");
    expect(beat([lease("a")])).toBe("");
    expect(beat([lease("a")], { pauseMs: 10_000 })).toBe("");
  });

  it("all of 4,000 once in four minutes", () => {
    const beat = beating();
    const many = Array.from({ length: 4_000 }, (_, index) => lease(`room-${index}`));
    const said = Array.from({ length: 9 }, () => beat(many, { pauseMs: 60_000 }).startsWith("all: "));
    expect(said).toEqual([true, false, false, false, true, false, false, false, true]);
  });

  it("all of them once a minute, which the digest alone might not ask for", () => {
    const beat = beating();
    const said = Array.from({ length: 242 }, () => beat([lease("a")]));
    const complete = said.flatMap((named, index) => (named === "all: a" ? [index] : []));
    expect(complete).toEqual([0, 120, 240]);
  });

  it("one that was claimed without the registry, and once more when it is not any more", () => {
    const beat = beating();
    beat([lease("a")]);
    expect(beat([lease("a"), lease("b", { isLocal: true })])).toBe("b");
    expect(beat([lease("a"), lease("b")])).toBe("b");
    expect(beat([lease("a"), lease("b")])).toBe("");
  });
});
