import { expect, it } from "vitest";
import { boundsOf, MetricsStore } from "./metrics-store.ts";

it("counts by name and cause, and durations by the first bound that they don't pass", () => {
  const store = new MetricsStore();
  store.count("session.joined");
  store.count("room.moved", "drain", 2);
  store.count("room.moved", "drain");
  for (const ms of [1, 1.1, 9_999_999]) store.observe("join", ms, "joined");
  expect([...store.counts]).toEqual([
    ["session.joined", 1],
    ["room.moved drain", 3],
  ]);
  const duration = store.durations.get("join joined");
  expect(duration).toEqual({ buckets: [1, 1, ...Array(9).fill(0), 1], sumMs: 10_000_001.1 });
  expect(duration?.buckets).toHaveLength(boundsOf("join").length + 1);
});

it("what was taken begins anew, and adds up elsewhere", () => {
  const [sender, receiver] = [new MetricsStore(), new MetricsStore()];
  for (let round = 0; round < 2; round += 1) {
    sender.count("join.refused", "no_capacity");
    sender.observe("join", 30, "refused");
    receiver.add(JSON.parse(JSON.stringify(sender.take())), () => true);
  }
  expect([sender.counts.size, sender.durations.size]).toEqual([0, 0]);
  expect([...receiver.counts]).toEqual([["join.refused no_capacity", 2]]);
  const { buckets = [], sumMs = 0 } = receiver.durations.get("join refused") ?? {};
  expect([buckets[boundsOf("join").indexOf(50)], sumMs]).toEqual([2, 60]);
});

it("ignores the names of a newer build, and buckets that it does not have", () => {
  const store = new MetricsStore();
  const duration = { buckets: Array(16).fill(1), sumMs: 1 };
  store.add({ counts: [["spaceship.landed", 1]], durations: [["join joined", duration]] }, (name) =>
    name.startsWith("join"),
  );
  expect(store.counts.size).toBe(0);
  expect(store.durations.get("join joined")?.buckets).toHaveLength(12);
});

it("keeps few causes, however many it is told: the rest, and what is no cause, counts as other", () => {
  const store = new MetricsStore();
  for (let index = 0; index < 1_000; index += 1) {
    store.count("join.refused", `code_${index}`);
    store.observe("join", 1, `outcome_${index}`);
  }
  expect([store.counts.size, store.durations.size]).toEqual([61, 9]);
  expect(store.counts.get("join.refused other")).toBe(940);
  store.count("room.moved", 'bad "}\n# cause');
  expect(store.counts.get("room.moved other")).toBe(1);
});
