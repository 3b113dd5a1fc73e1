import { spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalDriver } from "@fairlead/autoscaler/local-driver";
import { silentLogger } from "@fairlead/telemetry";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { killWith, processesIn } from "../support/clusters/scaled-nodes.ts";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";

const PEER_LOAD = 0.1;
const PEERS = 12;
/** As every process of a cluster has: a start takes a second, and much longer where the machine is busy with other tests. */
const START_MS = 60_000;
/** On each node. */
const STAYING = 2;

let cluster: ProcessCluster;
beforeAll(async () => {
  cluster = await startProcessCluster({
    name: "autoscale",
    signaling: 1,
    scaled: {
      ...{ min: 2, max: 4 },
      env: {
        FAIRLEAD_SCALE_EVERY_MS: "300",
        FAIRLEAD_SCALE_START_MS: `${START_MS}`,
        FAIRLEAD_SCALE_SETTLE_MS: "0",
        FAIRLEAD_SCALE_BELOW_MS: "1000",
      },
      nodeMain: join(import.meta.dirname, "../support/clusters/costly-node.ts"),
      nodeEnv: { FAIRLEAD_TEST_PEER_LOAD: `${PEER_LOAD}` },
    },
  });
});
afterAll(() => cluster?.close());

/** Follows its room as the SDK does. */
async function follow(client: ProtocolClient, isOver: () => boolean): Promise<void> {
  for (let moves = 0; !isOver(); ) {
    const count = client.framesOf("moved").length;
    if (count > moves) await client.rejoin();
    moves = count;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** One peer in a room of its own. */
async function meet() {
  const room = cluster.newRoom();
  const client = await cluster.join(room, "ann");
  const { placement } = await cluster.room(room);
  return { room, client, nodeId: placement?.nodeId };
}

it(
  "load comes: a node is started; it goes: a node is drained, empty, and removed; no room ends",
  async () => {
    const scaler = cluster.scaledNodes?.autoscalers[0] ?? expect.fail("no autoscaler");
    const first = await Promise.all(Array.from({ length: PEERS }, meet));
    await scaler.waitFor(({ msg }) => msg === "scale.starting");
    await expect
      .poll(async () => (await cluster.listNodes()).length, { timeout: START_MS })
      .toBeGreaterThan(2);
    // They come to the new node.
    const second = await Promise.all(Array.from({ length: STAYING }, meet));
    const byNode = Map.groupBy([...first, ...second], ({ nodeId }) => nodeId);
    expect(byNode.size).toBeGreaterThan(2);

    const staying = [...byNode.values()].flatMap((meetings) => meetings.slice(0, STAYING));
    const leaving = [...first, ...second].filter((meeting) => !staying.includes(meeting));
    let isOver = false;
    const following = staying.map(({ client }) => follow(client, () => isOver));
    await Promise.all(leaving.map(({ client }) => client.leave()));
    const { nodeId, why } = await scaler.waitFor(({ msg }) => msg === "scale.removed");
    expect(why).toBe("empty");
    const left = () => cluster.scaledNodes?.list().map(({ name }) => name) ?? [];
    await expect.poll(left).not.toContain(nodeId);
    isOver = true;
    await Promise.all(following);
    const moved = staying.filter((meeting) => meeting.nodeId === nodeId);
    expect(moved).toHaveLength(STAYING);
    for (const { room, client } of staying) {
      const { peers, placement } = await cluster.room(room);
      expect([peers, left().includes(placement?.nodeId ?? "")]).toEqual([1, true]);
      expect(client.framesOf("error")).toEqual([]);
    }
    await Promise.all(staying.map(({ client }) => client.leave()));
    expect(scaler.log.filter(({ msg }) => msg === "scale.failed")).toEqual([]);
  },
  3 * START_MS,
);

it("nodes of a cluster end with the process that runs it, though it is killed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-nodes-"));
  const parent = spawn("sleep", ["60"]);
  const stop = killWith(parent.pid ?? 0, folder);
  onTestFinished(stop);
  const settings = { kind: "local" as const, command: ["sleep", "60"], folder, endMs: 0 };
  const driver = new LocalDriver({ ...settings, env: {}, group: "default", log: silentLogger });
  await driver.start(2);
  expect(await driver.list()).toHaveLength(2);
  const pids = processesIn(folder).map(({ pid }) => pid);
  parent.kill("SIGKILL");
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  await expect.poll(() => existsSync(folder)).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
