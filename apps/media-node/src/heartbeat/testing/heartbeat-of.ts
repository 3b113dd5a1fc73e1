import type { Heartbeat } from "@fairlead/protocol";

/** Of an idle node with one core, which serves no room and says so. */
export function heartbeatOf(nodeId: string): Heartbeat {
  const core = { core: 0, cpuLoad: 0, rooms: 0, peers: 0, consumers: 0, usable: true };
  return {
    nodeId,
    incarnation: `${nodeId}-run`,
    state: "ready",
    busConnected: true,
    region: "",
    labels: [],
    version: "1",
    networkLoad: 0,
    cores: [core],
    settledDebits: [],
    observedCosts: [],
    suspects: [],
    capacity: { maxPeers: null, networkBps: 1 },
    leases: { count: 0, epochSum: 0, named: [], page: { of: 1, buckets: [0] } },
  };
}
