import { type Bus, encodeJson } from "@fairlead/bus";
import { type Lease, type RoomControl, subjects } from "@fairlead/protocol";

/** Why a room has another place now. */
export type MoveCause = "drain" | "node_lost" | "worker_died";

/** To every signaling process with a socket in the room, and to a node that has lost it without knowing. */
export function tellMoved(lease: Lease, bus: Bus, cause?: MoveCause): void {
  // While the bus is away nobody hears; the peers learn by their next command that their session is gone.
  if (!bus.isConnected) return;
  bus.publish(
    subjects.roomControl(lease.roomId),
    encodeJson({ type: "moved", lease, cause } satisfies RoomControl),
  );
}
