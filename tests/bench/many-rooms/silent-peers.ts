import { FairleadError, PING_INTERVAL_MS } from "@fairlead/protocol";
import type { ProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import { ProtocolClient } from "../../support/protocol-client.ts";

/** @property code The refusal that this peer has got instead of its room. */
export type Refused = { code: string };

const BACK_WITHIN_MS = 15_000;
/** As the SDK waits before it joins again, where a refusal does not say how long. */
const RETRY_MS = 200;

/** Peers that publish nothing, each alone in a room of its own. */
export class SilentPeers {
  readonly #cluster: ProcessCluster;
  readonly #peers: ProtocolClient[] = [];
  readonly #pings: NodeJS.Timeout;

  constructor(cluster: ProcessCluster) {
    this.#cluster = cluster;
    this.#pings = setInterval(() => {
      for (const peer of this.#peers) if (peer.isConnected) peer.send({ type: "ping" });
    }, PING_INTERVAL_MS);
  }

  get count(): number {
    return this.#peers.length;
  }

  /** One more peer in one more room. @returns The refusal, or null. */
  async join(): Promise<Refused | null> {
    const { url, newRoom, ticket } = this.#cluster;
    try {
      this.#peers.push(await ProtocolClient.join(url, { ticket: await ticket(newRoom(), "ada") }));
      return null;
    } catch (error) {
      if (error instanceof FairleadError) return { code: error.code };
      throw error;
    }
  }

  /** @returns When each peer was in its room again, by `performance.now()`; infinite for one that was not within 15 s. */
  untilBack(): Promise<number[]> {
    return Promise.all(this.#peers.map((peer) => comeBack(peer).catch(() => Number.POSITIVE_INFINITY)));
  }

  close(): void {
    clearInterval(this.#pings);
    for (const peer of this.#peers) peer.drop();
  }
}

/** Does what the SDK does: joins again on the same socket as soon as it hears that the room has moved, or that its session is gone. */
async function comeBack(peer: ProtocolClient): Promise<number> {
  const untilMs = performance.now() + BACK_WITHIN_MS;
  const hasHeard = () => peer.frames.some((frame) => frame.type === "moved" || frame.type === "error");
  await peer.until(hasHeard, "that the room has moved");
  for (;;) {
    try {
      await peer.rejoin();
      return performance.now();
    } catch (error) {
      if (!(error instanceof FairleadError) || performance.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? RETRY_MS));
    }
  }
}
