import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { expectConsistent } from "./expect-nothing-left.ts";

const ROOM = "one";
const ENOUGH = 4;
/** Each comes to the less loaded core, which by chance may be the same for some in a row. */
const MOST = 40;

let cluster: ProcessCluster;
const clients: ProtocolClient[] = [];
const killed = new Set<number>();

beforeAll(async () => {
  // No peer sits at home but by load.
  const env = { FAIRLEAD_HOME_LOAD: "0", FAIRLEAD_LIMIT_ADDRESS: "off", FAIRLEAD_LIMIT_ROOM: "off" };
  cluster = await startProcessCluster({ name: "span", signaling: 1, nodes: 1, cores: 2, env });
});
afterAll(() => cluster?.close());

async function peersByCore(): Promise<number[]> {
  const [node] = await cluster.listNodes();
  return node?.cores.map(({ peers }) => peers) ?? [];
}

/** Peers on both cores, as the registry hears of them. */
async function gather(): Promise<number[]> {
  const counted = () => expect.poll(async () => sum(await peersByCore())).toBe(clients.length);
  while (clients.length < ENOUGH || (await peersByCore()).some((peers) => peers === 0)) {
    if (clients.length === MOST) expect.fail("all of them sit on one core");
    clients.push(await cluster.join(ROOM, `peer-${clients.length}`));
    await counted();
  }
  return peersByCore();
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}

async function placement() {
  return (await cluster.room(ROOM)).placement ?? expect.fail("the room has no place");
}

/** @param cores Their workers run once those that were killed before have been replaced. */
async function kill(...cores: number[]): Promise<void> {
  const pids = () =>
    cores.map((core) => cluster.node("node-1").workerPids()[core] ?? expect.fail("no worker"));
  await expect.poll(() => pids().some((pid) => killed.has(pid))).toBe(false);
  for (const pid of pids()) {
    killed.add(pid);
    process.kill(pid, "SIGKILL");
  }
}

/** What it heard since it joined last, but for events. */
function told({ frames }: ProtocolClient): string[] {
  const since = frames.slice(frames.findLastIndex(({ type }) => type === "joined"));
  return since.flatMap((frame) => {
    if (frame.type === "error") return [frame.error.code];
    return frame.type === "moved" ? [frame.type] : [];
  });
}

async function comeBack(some: readonly ProtocolClient[]): Promise<void> {
  for (const client of some) {
    await client.until(() => told(client).length > 0, "the end of the session");
    const join = async () => {
      if (!client.isConnected) await client.connect();
      await client.rejoin();
    };
    await vi.waitFor(join, { timeout: 20_000, interval: 200 });
  }
}

it("a spanning room outlives its home's core under a higher epoch in Redis, a guest's as it is, and comes back from the death of both", async () => {
  const seated = await gather();
  const first = await placement();
  await kill(first.core);
  const isGone = (client: ProtocolClient) => told(client).length > 0;
  await expect.poll(() => clients.filter(isGone).length).toBe(seated[first.core]);
  const gone = clients.filter(isGone);
  const others = clients.filter((client) => !gone.includes(client));
  expect(gone.flatMap(told)).toEqual(gone.map(() => "session_gone"));
  await comeBack(gone);
  await expect.poll(async () => (await placement()).core).toBe(1 - first.core);
  const second = await placement();
  expect(second.epoch).toBeGreaterThan(first.epoch);
  for (const client of others) {
    client.drop();
    await client.resume();
    expect(told(client)).toEqual([]);
  }
  await expectConsistent(cluster, { rooms: 1, peers: clients.length });

  const guests = (await gather())[1 - second.core];
  await kill(1 - second.core);
  await expect.poll(() => clients.filter(isGone).length).toBe(guests);
  await comeBack(clients.filter(isGone));
  expect(await placement()).toMatchObject({ core: second.core, epoch: second.epoch });
  await expectConsistent(cluster, { rooms: 1, peers: clients.length });

  await gather();
  await kill(0, 1);
  await comeBack(clients);
  expect((await placement()).epoch).toBeGreaterThan(second.epoch);
  await expectConsistent(cluster, { rooms: 1, peers: clients.length });
  await cluster.api("DELETE", `/v1/rooms/${ROOM}`);
  await expectConsistent(cluster, { rooms: 0, peers: 0 });
});
