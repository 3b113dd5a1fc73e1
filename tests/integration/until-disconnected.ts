import { expect } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";

/** Until the peer's node knows that its socket has dropped. */
export async function untilDisconnected(cluster: MemoryCluster, room: string, peerId: string): Promise<void> {
  const connected = async () => {
    const { peers } = (await cluster.api("GET", `/v1/rooms/${room}/peers`)).body;
    return peers.find((peer: { peerId: string }) => peer.peerId === peerId)?.connected;
  };
  await expect.poll(connected, { timeout: 5_000 }).toBe(false);
}
