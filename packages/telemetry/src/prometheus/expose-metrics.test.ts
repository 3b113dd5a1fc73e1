import { describe, expect, it } from "vitest";
import type { CounterName, DurationName, GaugeName } from "../metrics.ts";
import { MetricsStore } from "../metrics-store.ts";
import { exposeMetrics, isCountedBy } from "./expose-metrics.ts";
import { COUNTERS, DURATIONS, GAUGES, type ProcessKind } from "./exposed.ts";

const MOST_SERIES = 2_000;
const MOST_BUCKETS = 12;
const KINDS: ProcessKind[] = ["signaling", "media-node", "live", "autoscaler"];

async function linesOf(store: MetricsStore, kind: ProcessKind): Promise<string[]> {
  const text = await (await exposeMetrics(store, kind)()).text();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

it("tells counts, durations and gauges in Prometheus's words", async () => {
  const store = new MetricsStore();
  store.count("join.refused", "banned", 3);
  store.observe("join", 30, "joined");
  store.observe("join", 99_999, "joined");
  store.gauge("clients.connected", () => 7);
  store.gauge("group.nodes_wanted", async () => new Map([["eu+gpu", 3]]));
  store.gauge("group.refused_joins", () => new Map([["eu+gpu", 2]]));
  const answer = await exposeMetrics(store, "signaling")();
  expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const text = await answer.text();
  for (const line of [
    "# TYPE fairlead_joins_refused_total counter",
    'fairlead_joins_refused_total{code="banned"} 3',
    'fairlead_joins_refused_total{code="no_capacity"} 0',
    "fairlead_joins_total 0",
    "# TYPE fairlead_join_seconds histogram",
    'fairlead_join_seconds_bucket{outcome="joined",le="0.025"} 0',
    'fairlead_join_seconds_bucket{outcome="joined",le="0.05"} 1',
    'fairlead_join_seconds_bucket{outcome="joined",le="+Inf"} 2',
    'fairlead_join_seconds_sum{outcome="joined"} 100.029',
    'fairlead_join_seconds_count{outcome="joined"} 2',
    "fairlead_clients 7",
    'fairlead_group_wanted_nodes{group="eu+gpu"} 3',
    "# TYPE fairlead_group_refused_joins_total counter",
    'fairlead_group_refused_joins_total{group="eu+gpu"} 2',
  ])
    expect(text.split("\n")).toContain(line);
  expect(text).not.toContain("fairlead_rooms_moved_total");
  // The same again: what is read is not added up.
  expect(await (await exposeMetrics(store, "signaling")()).text()).toBe(text);
});

it("leaves out a gauge that fails, that nobody knows, or that takes longer than 250 ms, and tells the rest", async () => {
  const store = new MetricsStore();
  store.gauge("clients.connected", () => Promise.withResolvers<number>().promise);
  store.gauge("bus.connected", () => {
    throw new Error("gone");
  });
  store.gauge("capacity.known", () => null);
  store.gauge("group.cores", () => new Map([["default", 2]]));
  const lines = await linesOf(store, "signaling");
  expect(lines.filter((line) => /clients|connected|known/.test(line))).toEqual([]);
  expect(lines).toContain('fairlead_group_cores{group="default"} 2');
});

describe.each(KINDS)("of %s", (kind) => {
  it(`there are at most ${MOST_SERIES} series and ${MOST_BUCKETS} buckets, whatever it is told`, async () => {
    const store = new MetricsStore();
    const causes = Array.from({ length: 500 }, (_, index) => `cause_${index}`);
    for (const name of Object.keys(COUNTERS) as CounterName[])
      for (const cause of COUNTERS[name].label ? causes : [undefined]) store.count(name, cause);
    for (const name of Object.keys(DURATIONS) as DurationName[])
      for (const cause of DURATIONS[name].label ? causes : [undefined]) store.observe(name, 1, cause);
    for (const name of Object.keys(GAUGES) as GaugeName[])
      store.gauge(name, () => (GAUGES[name].label ? new Map(causes.map((cause) => [cause, 1])) : 1));
    const lines = await linesOf(store, kind);
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.length).toBeLessThanOrEqual(MOST_SERIES);
    const buckets = Map.groupBy(
      lines.filter((line) => line.includes("_bucket{")),
      (line) => line.replace(/,?le="[^"]*"/, "").replace(/ .*/, ""),
    );
    for (const [, each] of buckets) expect(each.length).toBeLessThanOrEqual(MOST_BUCKETS);
  });
});

it("knows which names signaling counts: nothing else is taken from its deltas", () => {
  const isKnown = isCountedBy("signaling");
  expect(["join.refused", "join", "registry.call"].every(isKnown)).toBe(true);
  expect(["room.moved", "scale.failed", "spaceship.landed", ""].some(isKnown)).toBe(false);
});
