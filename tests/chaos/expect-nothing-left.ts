import type { SurplusListing, SurplusPage } from "@fairlead/protocol";
import { expect } from "vitest";
import type { ProcessCluster } from "../support/clusters/start-process-cluster.ts";

/** Heartbeats and sweeps are half a second apart; a peer without a goodbye has its grace time. */
const SETTLES_WITHIN_MS = 40_000;

/** Rooms and resources of the cluster, counted by everybody who should agree on them. */
async function inventory({ rooms, listNodes, api }: ProcessCluster) {
  const [leased, nodes, { surplus }] = await Promise.all([
    rooms().then((all) => all.filter(({ placement }) => placement !== null)),
    listNodes(),
    api<SurplusPage>("GET", "/v1/surplus"),
  ]);
  const sum = (of: "rooms" | "peers" | "consumers") =>
    nodes.flatMap(({ cores }) => cores).reduce((total, core) => total + core[of], 0);
  return {
    leases: leased.length,
    rooms: sum("rooms"),
    peers: sum("peers"),
    consumers: sum("consumers"),
    surplus: surplus.map(({ nodeId, kind, id }) => `${nodeId} ${kind} ${id}`),
    nodes: nodes.length,
  };
}

/** Every room that runs has one lease and is served once, and no resource is without its owner. */
export async function expectConsistent(
  cluster: ProcessCluster,
  expected: { rooms: number; peers: number },
): Promise<void> {
  const { rooms, peers } = expected;
  await expect
    .poll(() => inventory(cluster), { timeout: SETTLES_WITHIN_MS, interval: 250 })
    .toMatchObject({ leases: rooms, rooms, peers, surplus: [] });
}

/** All have left: no lease, no room, no peer, nothing in any worker, on any node. */
export async function expectNothingLeft(cluster: ProcessCluster): Promise<void> {
  await expect
    .poll(() => inventory(cluster), { timeout: SETTLES_WITHIN_MS, interval: 250 })
    .toEqual({
      leases: 0,
      rooms: 0,
      peers: 0,
      consumers: 0,
      surplus: [],
      nodes: cluster.nodes.filter((node) => node.isRunning()).length,
    });
}

/** A resource counts as surplus when it has had no owner for 5 s. */
const SURPLUS_AFTER_MS = 6_000;

/** No media resource is left behind on any node by a room or peer that moved, died or was given up. */
export async function expectNoSurplus({ api }: ProcessCluster): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SURPLUS_AFTER_MS));
  const listing = await api<SurplusListing>("GET", "/v1/surplus");
  expect(listing).toEqual({ surplus: [], processes: [], unreachable: [] });
}
