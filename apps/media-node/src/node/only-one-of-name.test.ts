import { FairleadError, type Heartbeat } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { silentLogger } from "@fairlead/telemetry";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { assertOnlyOneOfName } from "./only-one-of-name.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function beatOf(nodeId: string): Heartbeat {
  const core = { core: 0, cpuLoad: 0, rooms: 0, peers: 0, consumers: 0, usable: true };
  return {
    nodeId,
    incarnation: `${nodeId}-run`,
    state: "ready",
    busConnected: true,
    region: "",
    labels: [],
    version: "1",
    networkLoad: 0,
    cores: [core],
    settledDebits: [],
    observedCosts: [],
    suspects: [],
    capacity: { maxPeers: null, networkBps: 1 },
    leases: { count: 0, epochSum: 0, named: [], page: { of: 1, buckets: [0] } },
  };
}

/** Another node, which beats twice a second until it is stopped. */
async function startNode(nodeId: string) {
  const registry = createMemoryRegistry();
  const beat = () => registry.heartbeat(beatOf(nodeId));
  await beat();
  const timer = setInterval(() => void beat(), 500);
  return { registry, kill: () => clearInterval(timer) };
}

describe("a node that starts under a name", () => {
  it("is refused while another node of that name beats", async () => {
    const { registry } = await startNode("media-1");
    const started = assertOnlyOneOfName({ nodeId: "media-1", registry, log: silentLogger });
    const refused = expect(started).rejects.toThrow("Another node media-1 is alive (its run is media-1-run)");
    await vi.advanceTimersByTimeAsync(2_000);
    await refused;
  });

  it("starts after its last run was killed, though that is listed still", async () => {
    const { registry, kill } = await startNode("media-1");
    kill();
    const started = assertOnlyOneOfName({ nodeId: "media-1", registry, log: silentLogger });
    await vi.advanceTimersByTimeAsync(2_000);
    await started;
  });

  it("does not wait where no node has that name, and where the registry is away", async () => {
    const { registry } = await startNode("media-2");
    await assertOnlyOneOfName({ nodeId: "media-1", registry, log: silentLogger });
    await assertOnlyOneOfName({ nodeId: "media-2", registry: awayRegistry(), log: silentLogger });
  });
});

function awayRegistry() {
  const listNodes = () => Promise.reject(new FairleadError("registry_unreachable"));
  return { ...createMemoryRegistry(), listNodes };
}
