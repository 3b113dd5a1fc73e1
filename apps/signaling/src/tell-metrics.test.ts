import { decodeText } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import { MetricsDelta, parseJson, subjects } from "@fairlead/protocol";
import { MetricsStore } from "@fairlead/telemetry";
import { COUNTERS, DURATIONS } from "@fairlead/telemetry/prometheus";
import { expect, it, onTestFinished } from "vitest";
import { createMetricsTeller } from "./tell-metrics.ts";

async function setUp() {
  const [bus, store, clock] = [createMemoryBus(), new MetricsStore(), { ms: 1_000_000 }];
  onTestFinished(() => bus.close());
  const heard: MetricsDelta[] = [];
  bus.subscribe(subjects.metrics, ({ data }) => heard.push(parseJson(MetricsDelta, decodeText(data))));
  const tell = createMetricsTeller(store, bus, () => clock.ms);
  const pass = async (ms: number) => {
    clock.ms += ms;
    tell();
    await bus.flush();
    return heard.splice(0);
  };
  return { store, pass };
}

it("tells what was counted since the last message, every 15 s at most, and nothing of nothing", async () => {
  const { store, pass } = await setUp();
  expect(await pass(60_000)).toEqual([]);
  store.count("join.refused", "no_capacity");
  store.observe("join", 30, "refused");
  expect(await pass(0)).toMatchObject([{ counts: [["join.refused no_capacity", 1]], durations: [{}] }]);
  store.count("session.joined");
  expect(await pass(14_999)).toEqual([]);
  store.count("session.joined");
  expect(await pass(1)).toEqual([{ counts: [["session.joined", 2]], durations: [] }]);
});

it("fits the message, however many causes there were", async () => {
  const { store, pass } = await setUp();
  for (const [name, { of, label }] of Object.entries({ ...COUNTERS, ...DURATIONS }))
    for (let index = 0; of.includes("signaling") && index < (label ? 200 : 1); index += 1) {
      const cause = label ? `cause_${index}` : undefined;
      if (name in COUNTERS) store.count(name as keyof typeof COUNTERS, cause);
      else store.observe(name as keyof typeof DURATIONS, 1, cause);
    }
  const [delta] = await pass(0);
  expect(delta?.counts.length).toBeGreaterThan(200);
  expect(delta?.durations.length).toBeGreaterThan(20);
});
