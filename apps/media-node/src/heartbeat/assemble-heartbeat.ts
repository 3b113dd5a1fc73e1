import type { LeaseDeps } from "../lease/open-and-tell.ts";
import type { Readiness } from "../lease/readiness.ts";
import type { NodeIdentity } from "../node/node-identity.ts";
import type { Core } from "../worker/core.ts";
import type { NetworkMeter } from "../worker/network-meter.ts";
import { applyHeartbeatReply, inherit } from "./apply-heartbeat-reply.ts";
import { composeHeartbeat } from "./compose-heartbeat.ts";
import { Heartbeats } from "./heartbeats.ts";
import { LateNodes } from "./late-nodes.ts";
import { LeaseReport } from "./lease-report.ts";
import { LostNodes } from "./lost-nodes.ts";
import { ObservedCosts } from "./observed-costs.ts";
import { ReturningPeers } from "./returning-peers.ts";
import { Revalidation } from "./revalidation.ts";
import { SettledDebits } from "./settled-debits.ts";

export type HeartbeatDeps = LeaseDeps & {
  node: NodeIdentity;
  cores: readonly Core[];
  network: NetworkMeter;
  readiness: Readiness;
  now: () => number;
  /** The registry has answered. */
  onAnswered: () => void;
  /** The registry has lost what was said about the room. */
  onRecordLost: (roomId: string) => void;
};

/** So many debits at once are worth a beat of their own: they keep others out. */
const RETURNED_PER_BEAT = 50;

/** The registry hears of a node's leases page by page. Whoever waits for that is answered at last, as if the registry were away. */
const TOLD_WITHIN = { beats: 8, ms: 3_000 } as const;

export type HeartbeatParts = ReturnType<typeof assembleHeartbeat>;

/** Everything that a node's heartbeats tell, and what is made of the answers. */
export function assembleHeartbeat(deps: HeartbeatDeps) {
  const { bus, registry, rooms, log, metrics, now, onAnswered } = deps;
  const heartbeats = new Heartbeats({ registry, log, metrics, now });
  const beat = () => heartbeats.beat();
  const costs = new ObservedCosts(now);
  const debits = new SettledDebits(now);
  const leases = new LeaseReport();
  const returning = new ReturningPeers(() => performance.now());
  const lateNodes = new LateNodes({ bus, beat });
  const revalidation = new Revalidation({ beat, intervalMs: () => heartbeats.intervalMs, now });
  const lostNodes = new LostNodes({ registry, lateNodes, log, metrics });
  const parts = { ...deps, costs, debits, leases, returning, lateNodes, lostNodes, beat };
  heartbeats.connect({
    compose: () => composeHeartbeat(parts),
    onAnswer: (sent, sentMs, reply) => {
      const isConclusive = applyHeartbeatReply(sent, sentMs, reply, parts);
      onAnswered();
      if (!isConclusive) revalidation.noteProgress();
      return isConclusive;
    },
    onOldAnswer: (reply) => inherit(reply, parts),
    onBeat: (result) => revalidation.noteBeat(result),
  });
  rooms.watch({
    onOpened: (room, { cause, isMoved }) => costs.noteOpened(room, isMoved ?? cause !== undefined),
    onClosed: (room) => costs.noteClosed(room),
  });
  const untilTold = async (sinceMs: number) => {
    const beganMs = performance.now();
    for (let beats = 0; beats < TOLD_WITHIN.beats && performance.now() - beganMs < TOLD_WITHIN.ms; beats++) {
      await beat();
      if (revalidation.isAnsweredSince(sinceMs) || heartbeats.isFailing) return;
    }
  };
  let returned = 0;
  const noteArrival = (debitId: string, { roomId, core }: { roomId: string; core: number | null }) => {
    if (!returning.take(roomId)) return debits.noteArrival(debitId, core);
    debits.noteRefusal(debitId);
    returned += 1;
    if (returned % RETURNED_PER_BEAT === 0) void beat();
  };
  return { heartbeats, beat, untilTold, costs, debits, noteArrival, returning, lateNodes, revalidation };
}
