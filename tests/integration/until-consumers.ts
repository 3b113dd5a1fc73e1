import { expect } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";

/** A worker makes them on its own: only then their place among a room's events is given. */
export async function untilConsumers(cluster: MemoryCluster, room: string, count: number): Promise<void> {
  await expect.poll(() => cluster.resourcesOf(room).consumer, { timeout: 5_000 }).toBe(count);
}
