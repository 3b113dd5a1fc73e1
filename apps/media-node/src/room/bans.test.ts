import { describe, expect, it } from "vitest";
import { Bans } from "./bans.ts";

const ANN = { identity: "ann", ticketId: "ticket-1" };
const RECORDED = { bans: [{ identity: "bob", ticketIds: ["ticket-2"] }], isPartial: false };

describe("bans", () => {
  it("hold against the identity and the very ticket", () => {
    const bans = new Bans();
    bans.add(ANN);
    expect(bans.has(ANN)).toBe(true);
    expect(bans.has({ identity: "ann", ticketId: "another" })).toBe(true);
    expect(bans.has({ identity: "another", ticketId: "ticket-1" })).toBe(true);
    expect(bans.has({ identity: "another", ticketId: "another" })).toBe(false);
  });

  it("of the room record hold beside them", () => {
    const bans = new Bans();
    bans.add(ANN);
    bans.noteRecord(RECORDED);
    expect(bans.has({ identity: "bob", ticketId: "another" })).toBe(true);
    expect(bans.has({ identity: "another", ticketId: "ticket-2" })).toBe(true);
    expect(bans.has(ANN)).toBe(true);
  });

  it("that the record is known to have hold until it is read; then the record decides", () => {
    const bans = new Bans();
    bans.expect("ann");
    expect(bans.has(ANN)).toBe(true);
    bans.noteRecord(RECORDED);
    expect(bans.has(ANN)).toBe(false);
  });

  it("are lifted, and the record's hold again once it is read again", () => {
    const bans = new Bans();
    bans.add(ANN);
    bans.noteRecord({
      ...RECORDED,
      bans: [{ identity: "ann", ticketIds: ["ticket-1"] }, ...RECORDED.bans],
    });
    bans.lift("ann");
    expect(bans.has(ANN)).toBe(false);
    bans.noteRecord(RECORDED);
    expect(bans.has(ANN)).toBe(false);
    expect(bans.has({ identity: "bob", ticketId: "x" })).toBe(true);
  });

  it("outlive a record that was lost, and are told with their tickets", () => {
    const bans = new Bans();
    bans.noteRecord(RECORDED);
    bans.add(ANN);
    bans.add({ identity: "bob", ticketId: "ticket-3" });
    bans.noteRecord({ bans: [{ identity: "eve", ticketIds: [] }], isPartial: true });
    expect(bans.all()).toEqual([
      { identity: "bob", ticketIds: ["ticket-2", "ticket-3"] },
      { identity: "eve", ticketIds: [] },
      { identity: "ann", ticketIds: ["ticket-1"] },
    ]);
  });
});
