import { setTimeout as delay } from "node:timers/promises";
import type { MediaNode } from "@fairlead/media-node";
import { RoomOptions } from "@fairlead/protocol";
import type { Placement } from "@fairlead/registry";
import { expect, it, onTestFinished } from "vitest";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { askToJoin, commandByBus } from "./calls-by-bus.ts";
import { publish } from "./publish.ts";
import { type Cluster, startCluster } from "./start-cluster.ts";

/** From here through the node to its worker, which does not answer. */
const ON_ITS_WAY_MS = 100;
const EMPTY_SOON = RoomOptions.parse({ emptyTimeoutMs: 10_000 });

it("a node that stood still longer than the grace time frees nobody who is there", async () => {
  let standstillMs = 0;
  const cluster = await startCluster({ now: () => Date.now() + standstillMs });
  onTestFinished(cluster.close);
  const clients = [await cluster.join("one", "ann"), await cluster.join("one", "bob")];
  await cluster.registry.updateRoom("empty", { options: EMPTY_SOON });
  await (await cluster.join("empty", "ann")).leave();
  expect(cluster.resourcesOf("empty")).toMatchObject({ router: 1 });

  standstillMs = 20_000;
  // The sweep that closes the empty room is the first after the standstill.
  await expect.poll(() => cluster.resourcesOf("empty")).toEqual({});
  expect((await cluster.room("one")).peers).toBe(2);
  for (const client of clients) {
    await publish(client, "microphone", rtpParameters("opus"));
    expect(client.framesOf("error")).toEqual([]);
  }
  expect(cluster.bugs).toEqual([]);
});

it("a command that a node was acting on when it stood still, and lost the room, is not answered as done", async () => {
  let standstillMs = 0;
  const cluster = await startCluster({ nodes: 2, cores: 1, now: () => Date.now() + standstillMs });
  onTestFinished(cluster.close);
  const { node, nodes, registry } = cluster;
  const placement = await placeOn(nodes[0], cluster);
  const joined = await askToJoin(cluster, "one", { ticket: await cluster.ticket("one", "ann") }, placement);
  const pid = node.workerPids()[0] ?? expect.fail("no worker");
  process.kill(pid, "SIGSTOP");
  const media = { kind: "audio", source: "microphone", rtpParameters: rtpParameters("opus") };
  const answer = commandByBus(cluster, joined, 1, "producer.create", media);
  const refused = expect(answer).rejects.toMatchObject({ code: "session_gone" });
  await delay(ON_ITS_WAY_MS);

  await registry.release(placement.lease);
  const { lease } = await placeOn(nodes[1], cluster);
  expect(lease.epoch).toBeGreaterThan(placement.lease.epoch);
  standstillMs = 1_500;
  process.kill(pid, "SIGCONT");
  await refused;
  expect(cluster.resourcesOf("one")).toEqual({});
  expect(cluster.bugs).toEqual([]);
});

it("a saturated core takes nobody more, neither into rooms that it has nor into new ones", async () => {
  const startMs = Date.now();
  let slowness = 1;
  // A clock that all but stands makes every millisecond of a worker's CPU time a high share.
  const cluster = await startCluster({ cores: 1, now: () => startMs + (Date.now() - startMs) / slowness });
  onTestFinished(cluster.close);
  const [ann, bob] = [await cluster.ticket("one", "ann"), await cluster.ticket("one", "bob")];
  await askToJoin(cluster, "one", { ticket: ann });
  const [known, fresh] = [
    await cluster.registry.place({ roomId: "one" }),
    await cluster.registry.place({ roomId: "two" }),
  ];
  const load = async () => {
    await cluster.node.dump();
    return (await cluster.nodeStatus())?.cores[0]?.cpuLoad;
  };

  slowness = 10_000;
  await expect.poll(load, { timeout: 10_000, interval: 5 }).toBe(4);
  const full = { code: "core_full" };
  await expect(askToJoin(cluster, "one", { ticket: bob }, known)).rejects.toMatchObject(full);
  const two = await cluster.ticket("two", "ann");
  await expect(askToJoin(cluster, "two", { ticket: two }, fresh)).rejects.toMatchObject(full);

  slowness = 1;
  await expect.poll(load, { timeout: 20_000 }).toBeLessThan(0.9);
  await askToJoin(cluster, "one", { ticket: bob });
  expect((await cluster.room("one")).peers).toBe(2);
  expect(cluster.bugs).toEqual([]);
});

/** Places a room named "one" on that node and no other. */
function placeOn(node: MediaNode | undefined, { nodes, registry }: Cluster): Promise<Placement> {
  const others = nodes.filter((other) => other !== node);
  return registry.place({
    roomId: "one",
    exclude: others.map(({ nodeId, incarnation }) => ({ nodeId, incarnation, core: 0 })),
  });
}
