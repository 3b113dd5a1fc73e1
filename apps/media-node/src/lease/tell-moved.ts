import { type Bus, encodeJson } from "@fairlead/bus";
import { type Lease, type RoomControl, subjects } from "@fairlead/protocol";

/** Why a room has another place now. */
export type MoveCause = "drain" | "node_lost" | "worker_died" | "core_busy";

/** How a room came to its place. `overlapMs`: so long the place before goes on with its media. */
export type Move = { cause?: MoveCause | undefined; overlapMs?: number | undefined };

/** Tells every signaling process with a socket in the room, and a node that has lost the room without knowing. */
export function tellMoved(lease: Lease, bus: Bus, { cause, overlapMs }: Move = {}): void {
  // While the bus is away the message reaches nobody; peers learn by their next command that their session is gone.
  if (!bus.isConnected) return;
  bus.publish(
    subjects.roomControl(lease.roomId),
    encodeJson({ type: "moved", lease, cause, overlapMs } satisfies RoomControl),
  );
}
