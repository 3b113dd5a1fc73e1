import { callNode } from "@fairlead/bus";
import { observer, type types } from "mediasoup";
import { expect, it, onTestFinished } from "vitest";
import { startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { meet } from "./meetings.ts";

/** A cluster of one core, its worker, to do in it what no part of the node would, and its clock. */
async function start() {
  const workers: types.Worker[] = [];
  const note = (worker: types.Worker) => void workers.push(worker);
  observer.on("newworker", note);
  const clock = { offsetMs: 0 };
  const cluster = await startMemoryCluster({ cores: 1, seats: {}, now: () => Date.now() + clock.offsetMs });
  observer.off("newworker", note);
  onTestFinished(cluster.close);
  const { bus, node } = cluster;
  const list = async () => (await callNode(bus, node.incarnation, "node.surplus", {})).surplus;
  const reclaim = async (ids?: string[]) =>
    (await callNode(bus, node.incarnation, "node.reclaim", { ids })).reclaimed;
  // A cluster of an earlier file may have started one again meanwhile.
  const worker = workers.find(({ pid }) => node.workerPids().includes(pid));
  return { cluster, worker: worker ?? expect.fail("no worker"), clock, list, reclaim };
}

it("a resource without owner is listed after some seconds, and reclaimed once, on demand", async () => {
  const { cluster, worker, clock, list, reclaim } = await start();
  await meet(cluster, "one");
  const before = cluster.ledger();
  const router = await worker.createRouter();
  const other = await worker.createRouter();
  const transport = await router.createDirectTransport({ appData: { owner: { core: 0, roomId: "gone" } } });
  // It might belong to a room that is being opened.
  expect(await list()).toEqual([]);
  expect(await reclaim()).toBe(0);
  clock.offsetMs = 5_000;
  const { nodeId } = cluster.node;
  const base = { nodeId, core: 0, sinceMs: expect.any(Number), owner: null };
  const expected = [
    { ...base, id: router.id, kind: "router" },
    { ...base, id: other.id, kind: "router" },
    { ...base, id: transport.id, kind: "transport", owner: { core: 0, roomId: "gone" } },
  ].sort((a, b) => (a.id < b.id ? -1 : 1));
  expect(await list()).toEqual(expected);
  expect(await reclaim([other.id, "never-was", before[0]?.split(":")[1] ?? ""])).toBe(1);
  expect(other.closed).toBe(true);
  expect(await reclaim()).toBe(2);
  expect(await reclaim()).toBe(0);
  expect(await list()).toEqual([]);
  expect(cluster.ledger()).toEqual(before);
  expect(await cluster.node.dump()).toEqual(before);
});

it("a resource without owner is reclaimed by itself after half a minute, and nothing else", async () => {
  const { cluster, worker, clock, list } = await start();
  await meet(cluster, "one");
  const before = cluster.ledger();
  const router = await worker.createRouter();
  // From now on it is known.
  expect(await list()).toEqual([]);
  clock.offsetMs = 20_000;
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect((await list()).map(({ id }) => id)).toEqual([router.id]);
  clock.offsetMs = 32_000;
  await expect.poll(() => router.closed, { timeout: 5_000 }).toBe(true);
  expect(await cluster.node.dump()).toEqual(before);
});

it("pages are bounded", async () => {
  const { cluster, worker, clock, reclaim } = await start();
  await Promise.all(Array.from({ length: 150 }, () => worker.createRouter()));
  const { bus, node } = cluster;
  await callNode(bus, node.incarnation, "node.surplus", {});
  clock.offsetMs = 6_000;
  const first = await callNode(bus, node.incarnation, "node.surplus", {});
  expect(first.surplus).toHaveLength(100);
  const second = await callNode(bus, node.incarnation, "node.surplus", { cursor: first.cursor });
  expect(second).toEqual({ surplus: expect.any(Array) });
  expect(new Set([...first.surplus, ...second.surplus].map(({ id }) => id)).size).toBe(150);
  expect(await reclaim()).toBe(150);
});
