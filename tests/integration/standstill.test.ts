import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { meet } from "./meetings.ts";

/** Of the loop that all parts of this cluster share, as a flood of requests would take it. */
const TURN_MS = 900;

async function takeTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    const endMs = performance.now() + TURN_MS;
    while (performance.now() < endMs);
    await delay(1);
  }
}

describe("a node whose event loop is late", () => {
  it("does not take its worker for hung: what it did not hear in five turns it may not have read", async () => {
    const cluster = await startMemoryCluster({ cores: 1, seats: {} });
    onTestFinished(cluster.close);
    const clients = await meet(cluster, "one");
    const pid = cluster.node.workerPids()[0] ?? expect.fail("no worker");
    process.kill(pid, "SIGSTOP");
    await takeTurns(5);
    process.kill(pid, "SIGCONT");
    await takeTurns(2);
    await cluster.join("one", "late");
    expect(cluster.node.workerPids()).toEqual([pid]);
    for (const client of clients) expect(client.framesOf("moved")).toEqual([]);
    expect(cluster.bugs).toEqual([]);
  });

  it("says that its cores are not usable, and says so no more once it is on time", async () => {
    const cluster = await startMemoryCluster({ cores: 2 });
    onTestFinished(cluster.close);
    const usable = async () => (await cluster.nodeStatus())?.cores.map((core) => core.usable);
    expect(await usable()).toEqual([true, true]);
    expect(cluster.node.health.readiness()).toEqual({ status: "ok", registry: "ok" });
    await takeTurns(5);
    await expect.poll(usable, { interval: 20 }).toEqual([false, false]);
    expect(() => cluster.node.health.readiness()).toThrow("no core is usable");
    await expect.poll(usable, { timeout: 10_000 }).toEqual([true, true]);
    expect(cluster.node.health.standstill()).toBe(null);
  });
});
