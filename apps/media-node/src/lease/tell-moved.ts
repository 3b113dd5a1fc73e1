import { type Bus, encodeJson } from "@fairlead/bus";
import { type Lease, type RoomControl, subjects } from "@fairlead/protocol";

/** To every signaling process with a socket in the room, and to a node that has lost it without knowing. */
export function tellMoved(lease: Lease, bus: Bus): void {
  // While the bus is away nobody hears; the peers learn by their next command that their session is gone.
  if (!bus.isConnected) return;
  bus.publish(subjects.roomControl(lease.roomId), encodeJson({ type: "moved", lease } satisfies RoomControl));
}
