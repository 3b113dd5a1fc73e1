import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";

const PEER_LOAD = 0.1;
const PEERS = 12;
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
        FAIRLEAD_SCALE_START_MS: "30000",
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

it("load comes: a node is started; it goes: a node is drained, empty, and removed; no room ends", async () => {
  const scaler = cluster.scaledNodes?.autoscalers[0] ?? expect.fail("no autoscaler");
  const first = await Promise.all(Array.from({ length: PEERS }, meet));
  await scaler.waitFor(({ msg }) => msg === "scale.starting");
  await expect.poll(async () => (await cluster.listNodes()).length).toBeGreaterThan(2);
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
});
