import { describe, expect, it } from "vitest";
import { Debits } from "./debits.ts";

const core = { incarnation: "a-run", core: 0 };
const debit = (debitId: string, atMs = 0, roomId = "standup") => ({
  debitId,
  roomId,
  ...core,
  costPpm: 4_000,
  atMs,
});

describe("debits", () => {
  it("add up per core", () => {
    const debits = new Debits();
    debits.open(debit("one"));
    debits.open(debit("two"));
    debits.open({ ...debit("three"), core: 1 });
    expect([debits.sumPpm(core), debits.sumPpm({ ...core, core: 1 })]).toEqual([8_000, 4_000]);
  });

  it("are settled once each, by their own node", () => {
    const debits = new Debits();
    debits.open(debit("one"));
    debits.open(debit("two"));
    debits.settle("another-run", ["one"]);
    debits.settle("a-run", ["one", "one", "unknown"]);
    expect(debits.sumPpm(core)).toBe(4_000);
  });

  it("expire by age", () => {
    const debits = new Debits();
    debits.open(debit("one", 1_000));
    debits.open(debit("two", 2_000));
    debits.dropOlderThan(2_000);
    expect(debits.sumPpm(core)).toBe(4_000);
    debits.dropOlderThan(2_001);
    expect(debits.sumPpm(core)).toBe(0);
  });

  it("leave with their room", () => {
    const debits = new Debits();
    debits.open(debit("one", 0, "standup"));
    debits.open(debit("two", 0, "retro"));
    debits.dropRoom("standup");
    expect(debits.sumPpm(core)).toBe(4_000);
  });
});
