import { expect } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { askToJoin, commandByBus } from "./calls-by-bus.ts";

/** A peer comes, pauses and resumes without a socket's limits, and leaves: two events and some. */
export async function makeEvents(cluster: MemoryCluster, room: string, count: number): Promise<void> {
  const joined = await askToJoin(cluster, room, { ticket: await cluster.ticket(room, "eager") });
  const data = { kind: "audio", source: "microphone", rtpParameters: rtpParameters("opus") };
  const created = await commandByBus(cluster, joined, 1, "producer.create", data);
  const producer = created.ok ? created.data : expect.fail(created.error.message);
  for (let id = 2; id < count; id += 2) {
    await commandByBus(cluster, joined, id, "producer.pause", producer);
    await commandByBus(cluster, joined, id + 1, "producer.resume", producer);
  }
  await commandByBus(cluster, joined, count, "session.leave", {});
}
