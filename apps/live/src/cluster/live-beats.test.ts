import type { LiveBeat } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { MetricsStore, silentLogger } from "@fairlead/telemetry";
import { afterEach, expect, it, vi } from "vitest";
import { LiveBeats } from "./live-beats.ts";

afterEach(() => vi.useRealTimers());

const BEAT: LiveBeat = {
  ...{ nodeId: "live-1", incarnation: "run-1", state: "ready", busConnected: true, region: "eu" },
  ...{ version: "0.1.0", cpuLoad: 0, publishers: 0, transcodes: 0 },
  limits: { publishers: 100, transcodes: 1 },
};

it("beats each second until it says goodbye, and goes on after a registry that was away", async () => {
  vi.useFakeTimers();
  const registry = createMemoryRegistry();
  const listed = async () =>
    (await registry.listLives({ limit: 9 })).items.map(({ publishers }) => publishers);
  const usual = registry.beatLive.bind(registry);
  const metrics = new MetricsStore();
  let publishers = 0;
  const compose = () => ({ ...BEAT, publishers });
  const beats = new LiveBeats({ registry, compose, metrics, log: silentLogger });
  await beats.beat();
  expect(await listed()).toEqual([0]);
  publishers = 3;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await listed()).toEqual([3]);
  registry.beatLive = () => Promise.reject(new Error("away"));
  await vi.advanceTimersByTimeAsync(4_000);
  expect(await listed()).toEqual([]);
  expect(metrics.counts.get("heartbeat.failed")).toBe(4);
  registry.beatLive = usual;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await listed()).toEqual([3]);
  await beats.stop();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await listed()).toEqual([]);
});
