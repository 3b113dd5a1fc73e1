import type { NodeState } from "@fairlead/protocol";
import type { LeaseDeps } from "../lease/open-and-tell.ts";
import type { NodeIdentity } from "../node/describe-node.ts";
import type { Core } from "../worker/core.ts";
import type { NetworkMeter } from "../worker/network-meter.ts";
import { heedReply } from "./apply-heartbeat-reply.ts";
import { composeBeat } from "./compose-beat.ts";
import { Heartbeats } from "./heartbeats.ts";
import { LateNodes } from "./late-nodes.ts";
import { LeaseReport } from "./lease-report.ts";
import { LostNodes } from "./lost-nodes.ts";
import { ObservedCosts } from "./observed-costs.ts";
import { Revalidation } from "./revalidation.ts";
import { SettledDebits } from "./settled-debits.ts";

export type HeartbeatDeps = LeaseDeps & {
  node: NodeIdentity;
  cores: readonly Core[];
  network: NetworkMeter;
  now: () => number;
  state: () => NodeState;
  /** The registry has answered. */
  onAnswered: () => void;
};

export type HeartbeatParts = ReturnType<typeof assembleHeartbeat>;

/** Everything that a node's heartbeats tell, and what is made of the answers. */
export function assembleHeartbeat(deps: HeartbeatDeps) {
  const { bus, registry, rooms, log, now, onAnswered } = deps;
  const beat = (): Promise<void> => heartbeats.beat();
  const costs = new ObservedCosts(now);
  const lateNodes = new LateNodes({ bus, beat });
  const parts = {
    costs,
    debits: new SettledDebits(now),
    leases: new LeaseReport(),
    lateNodes,
    lostNodes: new LostNodes({ registry, lateNodes, log }),
  };
  const revalidation = new Revalidation({ beat, now });
  const heartbeats: Heartbeats = new Heartbeats({
    ...{ registry, log, now },
    compose: () => composeBeat({ ...deps, ...parts }),
    onAnswer: (sent, sentMs, reply) => {
      heedReply(sent, sentMs, reply, { ...deps, ...parts, beat });
      onAnswered();
    },
    onBeat: (result) => revalidation.noteBeat(result),
  });
  rooms.watch({
    onOpened: (room) => costs.noteOpened(room),
    onClosed: (room) => costs.noteClosed(room),
  });
  return { ...parts, heartbeats, revalidation, beat };
}
