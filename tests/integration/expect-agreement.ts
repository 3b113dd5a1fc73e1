import type { MediaNode } from "@fairlead/media-node";
import { expect, vi } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";

/**
 * The node's ledger and mediasoup's own dumps are the same, or are so soon: what a worker closes by itself it tells afterwards, and a
 * worker that takes a dead one's place may start between the two.
 */
export async function expectAgreement(cluster: MemoryCluster, node: MediaNode = cluster.node): Promise<void> {
  await vi.waitFor(async () => expect(await node.dump()).toEqual(cluster.ledger(node)), {
    timeout: 5_000,
  });
}
