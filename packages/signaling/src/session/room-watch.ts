import { type Bus, decodeText, type IncomingMessage, type Subscription } from "@fairlead/bus";
import { parseJson, RoomControl, subjects } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";

/** A link that wants to hear when its room has moved. */
export type RoomListener = {
  /** @param overlapMs So long the former place goes on with its media; undefined: it may be gone. */
  handleMoved(epoch: number, overlapMs?: number): void;
};

type Watched = { subscription: Subscription; listeners: Set<RoomListener> };

/** Hears what is said to rooms: one subscription to a room, however many clients of this process are in it. */
export class RoomWatch {
  readonly #bus: Bus;
  readonly #log: Logger;
  readonly #rooms = new Map<string, Watched>();

  constructor(bus: Bus, log: Logger) {
    this.#bus = bus;
    this.#log = log;
  }

  /** @throws {FairleadError} `bus_disconnected`. */
  add(roomId: string, listener: RoomListener): void {
    const watched = this.#rooms.get(roomId) ?? this.#watch(roomId);
    watched.listeners.add(listener);
  }

  /** Nothing happens to one that was not added. */
  delete(roomId: string, listener: RoomListener): void {
    const watched = this.#rooms.get(roomId);
    watched?.listeners.delete(listener);
    if (watched?.listeners.size !== 0) return;
    watched.subscription.unsubscribe();
    this.#rooms.delete(roomId);
  }

  #watch(roomId: string): Watched {
    const listeners = new Set<RoomListener>();
    const subscription = this.#bus.subscribe(subjects.roomControl(roomId), (message) =>
      this.#hear(listeners, message),
    );
    const watched = { subscription, listeners };
    this.#rooms.set(roomId, watched);
    return watched;
  }

  #hear(listeners: Set<RoomListener>, message: IncomingMessage): void {
    try {
      const control = parseJson(RoomControl, decodeText(message.data), "internal");
      // What was moderated concerns nodes alone.
      if (control.type !== "moved") return;
      for (const listener of [...listeners]) listener.handleMoved(control.lease.epoch, control.overlapMs);
    } catch (error) {
      this.#log.error("room.message_invalid", { subject: message.subject, error });
    }
  }
}
