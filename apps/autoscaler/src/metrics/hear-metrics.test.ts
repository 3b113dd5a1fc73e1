import { encodeJson, encodeText } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import { subjects } from "@fairlead/protocol";
import { type LogFields, MetricsStore, silentLogger } from "@fairlead/telemetry";
import { expect, it, onTestFinished } from "vitest";
import { hearMetrics } from "./hear-metrics.ts";

const MOST_SERIES = 2_000;

function setUp() {
  const bus = createMemoryBus();
  onTestFinished(() => bus.close());
  const warned: (LogFields | undefined)[] = [];
  const role = { isHeld: true };
  const log = { ...silentLogger, warn: (_: string, fields?: LogFields) => void warned.push(fields) };
  const heard = hearMetrics(bus, log, () => role.isHeld);
  const say = (data: unknown) => bus.publish(subjects.metrics, encodeJson(data));
  const lines = async () => {
    await bus.flush();
    return (await (await heard.expose()).text()).split("\n").filter((line) => line && !line.startsWith("#"));
  };
  return { bus, role, warned, say, lines };
}

it("what several processes counted is added up", async () => {
  const { say, lines } = setUp();
  const store = new MetricsStore();
  for (let told = 0; told < 3; told += 1) {
    store.count("session.joined", undefined, 2);
    store.observe("join", 30, "joined");
    say(store.take());
  }
  expect(await lines()).toContain("fairlead_joins_total 6");
  expect(await lines()).toContain('fairlead_join_seconds_count{outcome="joined"} 3');
});

it("is shown by the one that acts alone, who has heard all of it before too", async () => {
  const { role, say, lines } = setUp();
  const store = new MetricsStore();
  role.isHeld = false;
  store.count("session.joined", undefined, 2);
  say(store.take());
  expect(await lines()).toEqual([]);
  role.isHeld = true;
  expect(await lines()).toContain("fairlead_joins_total 2");
});

it("garbage changes nothing, and is told once", async () => {
  const { bus, warned, say, lines } = setUp();
  const before = await lines();
  bus.publish(subjects.metrics, encodeText("{"));
  bus.publish(subjects.metrics, new Uint8Array([255, 0, 254]));
  say({ counts: [["session.joined", -1]], durations: [] });
  say({ counts: [["session.joined", "1"]], durations: [] });
  say({ counts: [["session.joined", Number.MAX_VALUE]], durations: [] });
  say({ counts: [['session.joined "}\n', 1]], durations: [] });
  say({ counts: Array(401).fill(["session.joined", 1]), durations: [] });
  say({ counts: [], durations: [["join joined", { buckets: Array(1_000).fill(1), sumMs: 1 }]] });
  say({
    counts: [
      ["room.moved drain", 1],
      ["__proto__ x", 1],
    ],
    durations: [["constructor", { buckets: [1], sumMs: 1 }]],
  });
  expect(await lines()).toEqual(before);
  expect(warned).toHaveLength(1);
});

it("a hostile sender makes few series, whatever it names", async () => {
  const { say, lines } = setUp();
  for (let told = 0; told < 50; told += 1) {
    const causes = Array.from({ length: 100 }, (_, index) => `c${told * 100 + index}`);
    const of = (name: string) => causes.map((cause) => [`${name} ${cause}`, 1]);
    say({
      counts: ["join.refused", "session.joined", "peer.placed", "stranger.refused"].flatMap(of),
      durations: [],
    });
    const durations = causes.map((cause) => [`join ${cause}`, { buckets: Array(16).fill(1), sumMs: 1 }]);
    say({ counts: [], durations });
  }
  expect((await lines()).length).toBeLessThan(MOST_SERIES);
});
