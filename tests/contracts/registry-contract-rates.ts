import type { Rate, Registry } from "@fairlead/registry";
import { describe, expect } from "vitest";
import { beatOf, type OpenRegistryAdapter, openDebit, placePeer } from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

const ofAddress: Rate = { name: "address", subject: "192.0.2.1", limit: 3, windowMs: 3_000 };
const ofRoom: Rate = { name: "room", subject: "standup", limit: 2, windowMs: 60_000 };
const refused = (rate: string, retryAfterMs: number) => ({
  code: "rate_limited",
  retryAfterMs,
  detail: { rate },
});

const countTimes = async (registry: Registry, times: number, rate: Rate) => {
  for (let time = 0; time < times; time += 1) await registry.count([rate]);
};

export function describeRates(createAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(createAdapter);

  describe("rates", () => {
    fact(
      "let the limit pass at once, then one each time that its share of the window is over",
      async ({ registry, advance }) => {
        const remaining = async () => (await registry.count([ofAddress]))[0]?.remaining;
        expect([await remaining(), await remaining(), await remaining()]).toEqual([2, 1, 0]);
        await expect(registry.count([ofAddress])).rejects.toMatchObject(refused("address", 1_000));
        await advance(999);
        await expect(registry.count([ofAddress])).rejects.toMatchObject(refused("address", 1));
        await advance(1);
        expect(await remaining()).toBe(0);
        await advance(60_000);
        expect([await remaining(), await remaining(), await remaining()]).toEqual([2, 1, 0]);
        await expect(registry.count([ofAddress])).rejects.toMatchObject(refused("address", 1_000));
      },
    );

    fact("say how they stand, in the order asked", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const { rates } = await placePeer(registry, "standup", { rates: [ofRoom, ofAddress] });
      expect(rates).toEqual([
        { name: "room", limit: 2, windowMs: 60_000, remaining: 1, resetMs: 30_000 },
        { name: "address", limit: 3, windowMs: 3_000, remaining: 2, resetMs: 1_000 },
      ]);
      expect(await registry.count([])).toEqual([]);
      expect((await placePeer(registry, "standup")).rates).toEqual([]);
    });

    fact("count each subject by itself, placements and other requests together", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      await countTimes(registry, 3, ofAddress);
      await expect(placePeer(registry, "standup", { rates: [ofAddress] })).rejects.toMatchObject(
        refused("address", 1_000),
      );
      const other = { ...ofAddress, subject: "2001:db8::/64" };
      expect((await placePeer(registry, "standup", { rates: [other] })).rates).toMatchObject([
        { remaining: 2 },
      ]);
      const ofKey = { ...ofAddress, name: "key" as const };
      expect(await registry.count([ofKey])).toMatchObject([{ name: "key", remaining: 2 }]);
    });

    fact(
      "refuse a join without a trace of it: no room, no debit, nothing counted by the others",
      async ({ registry }) => {
        await registry.heartbeat(beatOf("a"));
        await countTimes(registry, 2, ofRoom);
        const join = placePeer(registry, "standup", { rates: [ofAddress, ofRoom] });
        await expect(join).rejects.toMatchObject(refused("room", 30_000));
        expect(await registry.describeRoom("standup")).toBeNull();
        expect(await openDebit(registry)).toBe(0);
        expect(await registry.count([ofAddress])).toMatchObject([{ remaining: 2 }]);

        await placePeer(registry, "standup");
        const before = await openDebit(registry);
        await expect(placePeer(registry, "standup", { rates: [ofRoom] })).rejects.toMatchObject(
          refused("room", 30_000),
        );
        expect(await openDebit(registry)).toBe(before);
      },
    );

    fact(
      "of a room count nobody who is banned from it, and it stays open to others",
      async ({ registry }) => {
        await registry.heartbeat(beatOf("a"));
        await registry.updateRoom("standup", { ban: { identity: "eve", ticketId: "ticket-of-eve" } });
        const rates = [ofRoom, ofAddress];
        const joinAs = (identity: string, ticketId: string) =>
          registry.place({ roomId: "standup", peer: { identity, ticketId }, rates });
        for (const identity of ["eve", "eve", "not-eve"])
          await expect(joinAs(identity, "ticket-of-eve")).rejects.toMatchObject({ code: "banned" });
        expect(await openDebit(registry)).toBe(0);
        await expect(joinAs("eve", "another")).rejects.toMatchObject(refused("address", 1_000));
        expect(await registry.count([ofRoom])).toMatchObject([{ remaining: 1 }]);
        expect(await registry.count([ofRoom])).toMatchObject([{ remaining: 0 }]);
        // Nor does a room that is full of joins hide from them that they are banned.
        const join = registry.place({
          roomId: "standup",
          rates: [ofRoom],
          peer: { identity: "eve", ticketId: "any" },
        });
        await expect(join).rejects.toMatchObject({ code: "banned" });
      },
    );

    fact("refuse before the registry says anything of the room", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      await registry.updateRoom("standup", { ban: { identity: "ada" } });
      const join = () => placePeer(registry, "standup", { rates: [ofAddress] });
      for (let time = 0; time < 3; time += 1) await expect(join()).rejects.toMatchObject({ code: "banned" });
      await expect(join()).rejects.toMatchObject(refused("address", 1_000));
    });

    fact("let exactly the limit pass of many who ask at once", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const rate = { ...ofAddress, limit: 7 };
      const joins = Array.from({ length: 20 }, () => placePeer(registry, "standup", { rates: [rate] }));
      const settled = await Promise.allSettled(joins);
      expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(7);
    });
  });
}
