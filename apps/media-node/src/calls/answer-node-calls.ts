import type { NodeCallHandlers } from "@fairlead/bus";
import type { LedgerEntry, Surplus } from "@fairlead/mediasoup-worker/ledger";
import type { NodeCallName } from "@fairlead/protocol";
import type { Drain } from "../lease/drain.ts";
import type { Rooms } from "../rooms/rooms.ts";

/** The calls about the node itself, which need no lease. */
export type NodeHandlers = Pick<NodeCallHandlers, Extract<NodeCallName, `node.${string}`>>;

export type NodeCallsDeps = {
  rooms: Rooms;
  drain: Drain;
  surplus: Surplus<LedgerEntry>;
  describe: NodeHandlers["node.describe"];
};

export function answerNodeCalls({ rooms, drain, surplus, describe }: NodeCallsDeps): NodeHandlers {
  const drainState = () => ({
    state: drain.state,
    rooms: rooms.count,
    ...(drain.by === undefined ? {} : { by: drain.by }),
  });
  return {
    "node.ping": () => ({}),
    // next build: answers of a node
    "node.describe": describe,
    // Without a deadline: the node is emptied and stays so until `undrain`. Only its operator ends the process. A drain of somebody's name is the
    // operator's once they ask for it too.
    "node.drain": ({ by }) => {
      if (drain.state === "ready" || (drain.by !== undefined && by === undefined)) void drain.drain({ by });
      return drainState();
    },
    // Not while the process is ending, or its rooms would end with it.
    "node.undrain": ({ by }) => {
      if (!drain.hasDeadline && (by === undefined || by === drain.by)) drain.undrain();
      return drainState();
    },
    "node.surplus": ({ cursor }) => surplus.page(cursor),
    "node.reclaim": ({ ids }) => ({ reclaimed: surplus.reclaim(ids) }),
  };
}
