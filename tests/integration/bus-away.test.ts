import { expect, it, onTestFinished } from "vitest";
import {
  type MemoryCluster,
  type MemoryClusterOptions,
  startMemoryCluster,
} from "../support/clusters/start-memory-cluster.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { askToJoin } from "./calls-by-bus.ts";
import { meet } from "./meetings.ts";
import { publish } from "./publish.ts";

async function start(options: MemoryClusterOptions): Promise<MemoryCluster> {
  const cluster = await startMemoryCluster({ cores: 1, ...options });
  onTestFinished(cluster.close);
  return cluster;
}

function everyBus({ nodes, signaling }: MemoryCluster) {
  return [...nodes, signaling].map(({ busLink }) => busLink);
}

it("while the bus is away nobody's grace time runs, and all go on when it comes back", async () => {
  let offsetMs = 0;
  const cluster = await start({ graceMs: 1_000, now: () => Date.now() + offsetMs });
  const clients = await meet(cluster, "one");
  const gone = await cluster.join("one", "gone");
  for (const bus of everyBus(cluster)) bus.cut();
  gone.drop();
  await expect.poll(async () => (await cluster.nodeStatus())?.busConnected).toBe(false);
  offsetMs = 60_000;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(cluster.resourcesOf("one")).toMatchObject({ transport: 6, producer: 2 });
  for (const bus of everyBus(cluster)) bus.restore();
  for (const client of clients) await client.resume();
  await publish(clients[0] ?? expect.fail(), "camera", rtpParameters("vp8"));
  await clients[1]?.until(() => clients[1]?.view.consumers.size === 2, "Ann's camera");
  expect((await cluster.nodeStatus())?.busConnected).toBe(true);
  // The node frees a peer that stayed away once it could have come back.
  await clients[0]?.until(() => clients[0]?.view.peers.size === 2, "one less");
  expect(cluster.bugs).toEqual([]);
});

it("a peer that is replaced while the bus is away is told so when it comes back, and does not resume", async () => {
  const cluster = await start({});
  const [ann] = await meet(cluster, "one");
  if (!ann) return expect.fail();
  const ticket = await cluster.ticket("one", "ann");
  cluster.signaling.busLink.cut();
  await askToJoin(cluster, "one", { ticket });
  cluster.signaling.busLink.restore();
  await expect(ann.resume()).rejects.toMatchObject({ code: "session_replaced" });
  expect(cluster.bugs).toEqual([]);
});

it("a worker that dies while the bus is away: its room is open again, and its peers join it anew", async () => {
  const cluster = await start({});
  const [ann] = await meet(cluster, "one");
  if (!ann) return expect.fail();
  const before = ann.joined.epoch;
  for (const bus of everyBus(cluster)) bus.cut();
  process.kill(cluster.node.workerPids()[0] ?? expect.fail("no worker"), "SIGKILL");
  const epoch = async () => (await cluster.registry.describeRoom("one"))?.lease?.epoch;
  await expect.poll(epoch, { timeout: 5_000 }).toBeGreaterThan(before);
  await expect.poll(() => cluster.resourcesOf("one"), { timeout: 5_000 }).toMatchObject({ router: 1 });
  for (const bus of everyBus(cluster)) bus.restore();
  await ann.connect();
  await ann.rejoin();
  expect(ann.joined.epoch).toBe(await epoch());
  expect(cluster.bugs).toEqual([]);
});
