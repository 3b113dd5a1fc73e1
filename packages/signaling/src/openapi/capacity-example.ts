import type { CapacityAnswer } from "@fairlead/protocol";

const AT_MS = 1_800_000_000_000;

/** A group whose autoscaler waits until the node that it drains has no room. */
export const capacityExample: CapacityAnswer = {
  groups: [
    {
      group: "eu-west+gpu",
      atMs: AT_MS,
      nodes: { ready: 4, draining: 1, withRooms: 5, lastCameAtMs: AT_MS - 3_600_000 },
      cores: 64,
      largestNodeCores: 16,
      demandCores: 21.4,
      roomSlots: 2_830,
      arrivals: { lastMinute: 12, trendPerS: 0.05 },
      refusedJoins: { lastMinute: 0, total: 3 },
      belowSinceMs: AT_MS - 420_000,
      neededNodes: 4,
      wantedNodes: 5,
      wantedFor: "rooms",
      cheapestToEmpty: { nodeId: "node-1", incarnation: "b3WqH0yq4m", rooms: 31, peers: 94 },
    },
  ],
};
