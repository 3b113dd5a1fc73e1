import { createMemoryRegistry } from "@fairlead/registry/memory";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { Heartbeats } from "./heartbeats.ts";
import type { Rooms } from "./rooms.ts";
import type { Core } from "./worker/core.ts";
import { NetworkMeter } from "./worker/network-meter.ts";

it("after stop no heartbeat is sent, and the one under way is through", async () => {
  const registry = createMemoryRegistry();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const seen: string[] = [];
  const heartbeats = new Heartbeats({
    node: { nodeId: "n", incarnation: "n-1", region: "r", labels: [], version: "1" },
    cores: [{ index: 0, load: 0, isUsable: true } as Core],
    rooms: { all: () => [], onCore: () => [] } as unknown as Rooms,
    network: new NetworkMeter(1),
    registry: {
      ...registry,
      heartbeat: async (beat) => {
        seen.push("sent");
        await released;
        seen.push("arrived");
        return registry.heartbeat(beat);
      },
    },
    networkBps: 1,
    isBusConnected: () => true,
    log: silentLogger,
    now: Date.now,
    onReply: () => {},
  });
  const first = heartbeats.beat();
  const second = heartbeats.beat();
  const stopped = heartbeats.stop().then(() => seen.push("stopped"));
  release();
  await Promise.all([first, second, stopped, heartbeats.beat()]);
  expect(seen).toEqual(["sent", "arrived", "stopped"]);
});
