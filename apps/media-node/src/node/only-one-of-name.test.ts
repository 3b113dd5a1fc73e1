import { FairleadError } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { silentLogger } from "@fairlead/telemetry";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { heartbeatOf } from "../heartbeat/testing/heartbeat-of.ts";
import { assertOnlyOneOfName } from "./only-one-of-name.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Another node, which beats twice a second until it is stopped. */
async function startNode(nodeId: string) {
  const registry = createMemoryRegistry();
  const beat = () => registry.heartbeat(heartbeatOf(nodeId));
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
