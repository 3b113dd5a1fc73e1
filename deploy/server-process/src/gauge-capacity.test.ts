import { FairleadError, type GroupCapacity } from "@fairlead/protocol";
import { MetricsStore } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { gaugeCapacity } from "./gauge-capacity.ts";

const GROUP: GroupCapacity = {
  group: "eu+gpu",
  atMs: 0,
  nodes: { ready: 3, draining: 1, withRooms: 4, lastCameAtMs: null },
  ...{ cores: 24, largestNodeCores: 8, demandCores: 9.5, roomSlots: 40 },
  ...{ arrivals: { lastMinute: 5, trendPerS: 0 }, refusedJoins: { lastMinute: 1, total: 2 } },
  ...{ belowSinceMs: null, neededNodes: 4, wantedNodes: 4, wantedFor: "demand", cheapestToEmpty: null },
};

it("a scrape asks the registry once, and tells nothing of groups while it does not answer", async () => {
  const [store, clock] = [new MetricsStore(), { ms: 0, asked: 0, isAway: false }];
  const listGroups = async () => {
    clock.asked += 1;
    if (clock.isAway) throw new FairleadError("registry_cold");
    return [GROUP];
  };
  gaugeCapacity(store, { listGroups }, () => clock.ms);
  const read = async (name: Parameters<typeof store.gauge>[0]) => store.gauges.get(name)?.();
  expect(await read("group.nodes_wanted")).toEqual(new Map([["eu+gpu", 4]]));
  expect(await read("group.demand_cores")).toEqual(new Map([["eu+gpu", 9.5]]));
  expect(await read("group.refused_joins")).toEqual(new Map([["eu+gpu", 2]]));
  expect([await read("capacity.known"), clock.asked]).toEqual([1, 1]);
  Object.assign(clock, { ms: 3_000, isAway: true });
  expect(await read("capacity.known")).toBe(0);
  await expect(read("group.nodes_wanted")).rejects.toThrow();
  expect(clock.asked).toBe(2);
});
