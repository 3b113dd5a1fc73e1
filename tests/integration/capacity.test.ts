import { callEveryNode } from "@fairlead/bus";
import { subjects } from "@fairlead/protocol";
import { expect, it, onTestFinished } from "vitest";
import { type MemoryCluster, startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { askToJoin } from "./calls-by-bus.ts";

async function start(nodes: number, maxPeers: number): Promise<MemoryCluster> {
  const cluster = await startMemoryCluster({ nodes, cores: 1, maxPeers });
  onTestFinished(cluster.close);
  return cluster;
}

async function loads({ bus }: MemoryCluster) {
  const answers = await callEveryNode(bus, subjects.nodes, "node.describe", {}, { timeoutMs: 100 });
  return answers.map(({ load }) => load);
}

it("a node takes no more peers than it may have, however many come at once", async () => {
  const cluster = await start(1, 3);
  expect(await loads(cluster)).toEqual([expect.any(Number)]);
  const placed = await cluster.registry.place({ roomId: "one" });
  const tickets = await Promise.all(["a", "b", "c", "d", "e"].map((name) => cluster.ticket("one", name)));
  const joins = await Promise.allSettled(
    tickets.map((ticket) => askToJoin(cluster, "one", { ticket }, placed)),
  );
  const refused = joins.flatMap((join) => (join.status === "rejected" ? [join.reason] : []));
  expect(refused.map(({ code, message }) => [code, message])).toEqual([
    ["core_full", "the node is full"],
    ["core_full", "the node is full"],
  ]);
  expect(cluster.resourcesOf("one")).toMatchObject({ transport: 6 });
  // Those refused while the first was opening the room have not given it away.
  expect((await cluster.registry.describeRoom("one"))?.lease).toEqual(placed.lease);
  expect(await loads(cluster)).toEqual([null]);
  expect((await cluster.nodeStatus())?.capacity.maxPeers).toBe(3);
});

it("a peer that has to join anew keeps its place on a full node", async () => {
  const cluster = await start(1, 2);
  const ann = await cluster.join("one", "ann");
  await cluster.join("one", "bob");
  const ticket = await cluster.ticket("one", "ann");
  const back = await askToJoin(cluster, "one", { ticket, previousSession: ann.sessionTicket });
  expect(back.peerId).toBe(ann.peerId);
});

it("a new room that a full node refuses goes to another", async () => {
  const cluster = await start(2, 1);
  const placed = await cluster.registry.place({ roomId: "second" });
  const full = cluster.nodes.find(({ incarnation }) => incarnation === placed.lease.incarnation);
  const other = cluster.nodes.find((node) => node !== full) ?? expect.fail();
  const first = await cluster.registry.place({
    roomId: "first",
    exclude: [{ nodeId: other.nodeId, incarnation: other.incarnation, core: 0 }],
  });
  await askToJoin(cluster, "first", { ticket: await cluster.ticket("first", "ann") }, first);
  const ticket = await cluster.ticket("second", "bob");
  const refused = askToJoin(cluster, "second", { ticket }, placed);
  await expect(refused).rejects.toMatchObject({ code: "core_full" });
  await expect.poll(async () => (await cluster.registry.describeRoom("second"))?.lease ?? null).toBe(null);
  await cluster.join("second", "bob");
  expect(await cluster.nodeOf("second")).toBe(other);
});
