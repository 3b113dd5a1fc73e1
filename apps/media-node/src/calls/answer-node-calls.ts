import type { NodeCallHandlers } from "@fairlead/bus";
import type { NodeCallName } from "@fairlead/protocol";
import type { Drain } from "../lease/drain.ts";
import type { Surplus } from "../ledger/surplus.ts";
import type { Rooms } from "../rooms/rooms.ts";

/** The calls about the node itself, which need no lease. */
export type NodeHandlers = Pick<NodeCallHandlers, Extract<NodeCallName, `node.${string}`>>;

export type NodeCallsDeps = {
  rooms: Rooms;
  drain: Drain;
  surplus: Surplus;
  describe: NodeHandlers["node.describe"];
};

export function answerNodeCalls({ rooms, drain, surplus, describe }: NodeCallsDeps): NodeHandlers {
  const drainState = () => ({ state: drain.state, rooms: rooms.count });
  return {
    "node.ping": () => ({}),
    // next build: answers of a node
    "node.describe": describe,
    // Without a deadline: it is emptied, and stays so until it is wanted again. It ends by its operator only.
    "node.drain": () => {
      if (drain.state === "ready") void drain.drain();
      return drainState();
    },
    // Not where the process is ending: it would end with all its rooms.
    "node.undrain": () => {
      if (!drain.hasDeadline) drain.undrain();
      return drainState();
    },
    "node.surplus": ({ cursor }) => surplus.page(cursor),
    "node.reclaim": ({ ids }) => ({ reclaimed: surplus.reclaim(ids) }),
  };
}
