import { setTimeout as delay } from "node:timers/promises";
import type { MediaNode } from "@fairlead/media-node";
import { RoomOptions } from "@fairlead/protocol";
import type { Placement } from "@fairlead/registry";
import { describe, expect, it, onTestFinished } from "vitest";
import { type MemoryCluster, startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { askToJoin } from "./calls-by-bus.ts";
import { publish } from "./publish.ts";

/** From here through the node to its worker, which does not answer. */
const ON_ITS_WAY_MS = 100;
const EMPTY_SOON = RoomOptions.parse({ emptyTimeoutMs: 10_000 });

it("a node that stood still longer than the grace time frees nobody who is there", async () => {
  let standstillMs = 0;
  const cluster = await startMemoryCluster({ now: () => Date.now() + standstillMs });
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

describe("a node that stood still while it acted, and lost the room, does not answer as if it were done", () => {
  /** Ann's in a room whose worker does not answer; `loseRoom` gives it to another node and lets the worker go on. */
  async function setUp() {
    let standstillMs = 0;
    const now = () => Date.now() + standstillMs;
    const cluster = await startMemoryCluster({ nodes: 2, cores: 1, seats: {}, now });
    onTestFinished(cluster.close);
    const { node, nodes, registry } = cluster;
    const { lease } = await placeOn(nodes[0], cluster);
    const ann = await cluster.join("one", "ann");
    await publish(ann, "camera", rtpParameters("vp8"));
    const pid = node.workerPids()[0] ?? expect.fail("no worker");
    process.kill(pid, "SIGSTOP");
    const loseRoom = async () => {
      await delay(ON_ITS_WAY_MS);
      await registry.release(lease);
      expect((await placeOn(nodes[1], cluster)).lease.epoch).toBeGreaterThan(lease.epoch);
      standstillMs = 1_500;
      process.kill(pid, "SIGCONT");
    };
    return { cluster, ann, loseRoom };
  }

  it("to a command of a peer, who joins anew", async () => {
    const { cluster, ann, loseRoom } = await setUp();
    const command = publish(ann, "microphone", rtpParameters("opus"));
    const refused = expect(command).rejects.toMatchObject({ code: "session_gone" });
    await loseRoom();
    await refused;
    expect(cluster.resourcesOf("one")).toEqual({});
    expect(cluster.bugs).toEqual([]);
  });

  it("to a mute by the API, which holds all the same", async () => {
    const { cluster, ann, loseRoom } = await setUp();
    const muting = cluster.api("POST", `/v1/rooms/one/peers/${ann.peerId}/mute`, { source: "camera" });
    await loseRoom();
    expect(await muting).toMatchObject({ status: 409, body: { error: { code: "lease_lost" } } });
    expect((await cluster.registry.describeRoom("one"))?.mutes).toEqual([
      { identity: "ann", source: "camera" },
    ]);
    expect(cluster.bugs).toEqual([]);
  });
});

it("a saturated core takes nobody more, neither into rooms that it has nor into new ones", async () => {
  const startMs = Date.now();
  let slowness = 1;
  // A clock that all but stands makes every millisecond of a worker's CPU time a high share.
  const cluster = await startMemoryCluster({
    cores: 1,
    seats: {},
    now: () => startMs + (Date.now() - startMs) / slowness,
  });
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
function placeOn(node: MediaNode | undefined, { nodes, registry }: MemoryCluster): Promise<Placement> {
  const others = nodes.filter((other) => other !== node);
  return registry.place({
    roomId: "one",
    exclude: others.map(({ nodeId, incarnation }) => ({ nodeId, incarnation, core: 0 })),
  });
}
