import { describe, expect } from "vitest";
import {
  beatOf,
  type OpenRegistryAdapter,
  placePeer,
  type RegistryAdapter,
  roomOptions,
  serving,
} from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

const NODES = ["a", "b", "c", "d"];
/** Both die at the moment at which clocks are set. */
const DYING = ["x", "y"];
const BEAT_MS = 500;
/** Until a node that is silent has lost its rooms: `nodeTtlMs`, and a beat that finds it. */
const FOUND_MS = 3_000 + 2 * BEAT_MS;

/** Nodes with a room each, named alike, whose clocks are told to the registry as they say. */
async function openCluster({ registry, advance, skewed }: RegistryAdapter) {
  const clockMs = new Map<string, number>();
  const leases = new Map(
    await Promise.all(
      [...NODES, ...DYING].map(async (nodeId) => {
        await registry.heartbeat(beatOf(nodeId));
        const { lease } = await placePeer(registry, nodeId, { options: roomOptions({ nodeId }) });
        return [nodeId, lease] as const;
      }),
    ),
  );
  const beat = async (nodeId: string) => {
    const leasesOf = serving([leases.get(nodeId)].flatMap((lease) => lease ?? []));
    const sent = beatOf(nodeId, { leases: leasesOf });
    return skewed(clockMs.get(nodeId) ?? 0, () => registry.heartbeat(sent));
  };
  /** @returns The rooms that were handed to heirs, after how long. */
  const live = async (ms: number, nodes: readonly string[]) => {
    const handed: Record<string, number> = {};
    for (let passedMs = BEAT_MS; passedMs <= ms; passedMs += BEAT_MS) {
      await advance(BEAT_MS);
      for (const nodeId of nodes) {
        const reply = await beat(nodeId);
        expect(reply.leasesDiffer).toBe(false);
        for (const { roomId } of reply.orphans) handed[roomId] ??= passedMs;
      }
    }
    return handed;
  };
  return { live, set: (nodes: readonly string[], ms: number) => nodes.map((name) => clockMs.set(name, ms)) };
}

export function describeTime(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("time", () => {
    for (const stepMs of [-90_000, 90_000])
      fact(
        `half of the clocks are set by ${stepMs / 1_000} s, the others 10 s later: nobody who lives is buried, the dead are in time`,
        async (adapter) => {
          const { live, set } = await openCluster(adapter);
          expect(await live(2_000, [...NODES, ...DYING])).toEqual({});
          set(["a", "b", "y"], stepMs);
          const handed = await live(10_000, [...NODES, "y"]);
          expect(Object.keys(handed)).toEqual(["x"]);
          expect(handed.x).toBeLessThanOrEqual(FOUND_MS);
          set(["c", "d"], stepMs);
          const later = await live(10_000, NODES);
          expect(later.y).toBeLessThanOrEqual(FOUND_MS);
          expect(Object.keys(later).filter((roomId) => !DYING.includes(roomId))).toEqual([]);
        },
      );

    fact("calls that were held up for 20 s bury nobody, and happen now", async (adapter) => {
      const { registry, skewed, now } = adapter;
      const { live } = await openCluster(adapter);
      await live(2_000, [...NODES, ...DYING]);
      const late = <T>(call: () => Promise<T>) => skewed(-20_000, call);
      const placed = await late(() => placePeer(registry, "late", { options: roomOptions({ nodeId: "a" }) }));
      expect(placed.lease.epoch).toBe(now());
      expect(await late(() => registry.heartbeat(beatOf("e")))).toMatchObject({ behindMs: 20_000 });
      expect(await live(2_500, ["b", "c", "d", ...DYING])).toEqual({});
      expect((await registry.describeRoom("a"))?.lease, "not heard for 2.5 s only").not.toBeNull();
    });

    fact("a clock that jumps forward ends no claim whose node is about to name it", async (adapter) => {
      const { registry, advance } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await advance(90_000);
      await registry.heartbeat(beatOf("a"));
      expect((await registry.describeRoom("standup"))?.lease).toEqual(lease);
      expect((await registry.heartbeat(beatOf("a", { leases: serving([lease]) }))).leasesDiffer).toBe(false);
      expect((await placePeer(registry, "standup")).isNew).toBe(false);
    });

    fact("nobody owes more than a burst, whatever clocks say", async ({ registry, skewed }) => {
      const rates = [{ name: "address" as const, subject: "192.0.2.1", limit: 3, windowMs: 3_000 }];
      const count = (ms: number) => skewed(ms, () => registry.count(rates));
      await count(90_000);
      expect(await count(0)).toMatchObject([{ remaining: 1 }]);
      await count(0);
      await expect(count(-90_000)).rejects.toMatchObject({ code: "rate_limited", retryAfterMs: 1_000 });
    });
  });
}
