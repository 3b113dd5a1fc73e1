import type { Bus } from "@fairlead/bus";
import type { Placement, Registry } from "@fairlead/registry";
import type { Logger, Metrics } from "@fairlead/telemetry";
import type { Rooms } from "../rooms/rooms.ts";
import { type Move, type MoveCause, tellMoved } from "./tell-moved.ts";

export type LeaseDeps = {
  nodeId: string;
  incarnation: string;
  bus: Bus;
  registry: Registry;
  rooms: Rooms;
  log: Logger;
  metrics: Metrics;
};

/**
 * A room was placed anew: tells its peers, also where another node placed it first. If the place is this node's, opening the room
 * tells them, and the first of them does not wait for the router.
 *
 * @param beganMs When its former place was known to be gone, by `performance.now`.
 */
export async function openAndTell(
  { lease, room, decision }: Placement,
  { cause, overlapMs }: Move & { cause: MoveCause },
  deps: LeaseDeps,
  beganMs: number,
): Promise<void> {
  const { roomId, nodeId, core, epoch } = lease;
  if (lease.incarnation === deps.incarnation) await deps.rooms.open({ lease, ...room, cause, overlapMs });
  else tellMoved(lease, deps.bus, { cause, overlapMs });
  noteMoved(deps.metrics, cause, beganMs);
  deps.log.info("room.moved", { roomId, nodeId, core, epoch, cause, why: decision.reason });
}

/** A room has another place, and its peers were told. @param beganMs By `performance.now`. */
export function noteMoved(metrics: Metrics, cause: MoveCause, beganMs: number): void {
  metrics.count("room.moved", cause);
  metrics.observe("room.move", performance.now() - beganMs, cause);
}
