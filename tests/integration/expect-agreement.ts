import { expect, vi } from "vitest";
import type { Cluster } from "./start-cluster.ts";

/** The node's ledger and mediasoup's own dumps are the same, or are so soon: what a worker closes by itself it tells afterwards. */
export async function expectAgreement(cluster: Cluster): Promise<void> {
  await vi.waitFor(async () => expect(await cluster.node.dump()).toEqual(cluster.ledger()), {
    timeout: 5_000,
  });
}
