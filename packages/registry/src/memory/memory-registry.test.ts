import type { Lease } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { createMemoryRegistry } from "./memory-registry.ts";

/** What time does within the process; everything else is in the port's contract suite. */
function startRegistry() {
  let nowMs = 1_800_000_000_000;
  const registry = createMemoryRegistry({ now: () => nowMs });
  const beat = (leases: Lease[] = [], settledDebits: string[] = []) =>
    registry.heartbeat({
      nodeId: "a",
      incarnation: "a-run",
      state: "ready",
      busConnected: true,
      region: "eu",
      labels: [],
      version: "0.1.0",
      networkLoad: 0,
      cores: [{ core: 0, cpuLoad: 0, rooms: 0, peers: 0, consumers: 0, usable: true }],
      settledDebits,
      capacity: { maxPeers: null, networkBps: 1_000_000_000 },
      leases: {
        count: leases.length,
        epochSum: 0,
        named: leases.map(({ roomId, core, epoch }) => ({ roomId, core, epoch, peers: 1, isLocal: false })),
      },
      observedCosts: [],
      suspects: [],
    });
  const debit = async () => (await registry.listNodes({ limit: 1 })).items[0]?.cores[0]?.debit;
  return { registry, beat, debit, advance: (ms: number) => (nowMs += ms) };
}

const peer = { identity: "ada", ticketId: "ticket-of-ada" };

describe("the memory registry", () => {
  it("reserves a new room's expected cost, which gives way to its peers' and to time", async () => {
    const { registry, beat, debit, advance } = startRegistry();
    await beat();
    const { lease, debitId } = await registry.place({ roomId: "standup", peer });
    expect(await debit()).toBe(0.012);
    await beat([lease], [debitId]);
    expect(await debit(), "the peer's part is measured now").toBe(0.008);
    advance(90_000);
    await beat([lease]);
    expect(await debit()).toBe(0.002);
    advance(30_000);
    await beat([lease]);
    expect(await debit()).toBe(0);
  });

  it("forgets a debit that nobody settles after 30 s", async () => {
    const { registry, beat, debit, advance } = startRegistry();
    await beat();
    const { lease } = await registry.place({ roomId: "standup", peer });
    for (let n = 0; n < 4; n += 1) await registry.place({ roomId: "standup", peer });
    advance(30_000);
    await beat([lease]);
    expect(await debit()).toBe(0.02);
    advance(1);
    await beat([lease]);
    expect(await debit()).toBe(0);
  });

  it("keeps no record of rooms that came and went, or were never opened", async () => {
    const { registry, beat, advance } = startRegistry();
    for (let n = 0; n < 200; n += 1) {
      await beat();
      const { lease } = await registry.place({ roomId: `room-${n}`, peer });
      if (n % 2 === 0) await registry.release(lease);
      advance(200);
    }
    for (let second = 0; second < 7; second += 1) {
      advance(1_000);
      await beat();
    }
    expect(await registry.listRooms({ limit: 100 })).toEqual({ items: [] });
  });

  it("raises the epoch of a room whose record it dropped, though its clock stands still", async () => {
    const { registry, beat } = startRegistry();
    await beat();
    const epochs = [];
    for (let n = 0; n < 3; n += 1) {
      const { lease } = await registry.place({ roomId: "standup", peer });
      epochs.push(lease.epoch);
      await registry.release(lease);
    }
    expect(epochs).toEqual([1_800_000_000_000, 1_800_000_000_001, 1_800_000_000_002]);
  });
});
