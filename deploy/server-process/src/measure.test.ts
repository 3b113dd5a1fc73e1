import { createMemoryBus } from "@fairlead/bus/memory";
import { subjects } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { MetricsStore } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { kindOf, measureBus, measureRegistry } from "./measure.ts";

it("calls of the registry are measured by method, answered or not, and answer what they did", async () => {
  const store = new MetricsStore();
  const registry = measureRegistry(createMemoryRegistry(), store);
  expect(await registry.describeRoom("standup")).toBe(null);
  await expect(registry.place({ roomId: "standup" })).rejects.toThrow();
  expect([...store.durations.keys()]).toEqual(["registry.call describeRoom", "registry.call place"]);
});

it("requests are measured by what is asked, and never by whom", async () => {
  const store = new MetricsStore();
  const bus = measureBus(createMemoryBus(), store);
  bus.subscribe(subjects.nodeCall("run-1"), ({ data, respond }) => respond?.(data));
  await bus.request(subjects.nodeCall("run-1"), new Uint8Array(), { timeoutMs: 1_000 });
  await expect(bus.request(subjects.liveJobs, new Uint8Array(), { timeoutMs: 1_000 })).rejects.toThrow();
  expect([...store.durations.keys()]).toEqual(["bus.request node.call", "bus.request live.jobs"]);
  expect(store.gauges.get("bus.connected")?.()).toBe(1);
  expect([subjects.roomOwner("standup"), subjects.nodes].map(kindOf)).toEqual(["room.owner", "nodes"]);
  await bus.close();
});
