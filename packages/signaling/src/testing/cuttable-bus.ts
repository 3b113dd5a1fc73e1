import type { Bus, BusStatus } from "@fairlead/bus";
import { FairleadError } from "@fairlead/protocol";

export type CuttableBus = Bus & {
  /** Nothing gets through in either direction, as when the server is away. */
  cut(): void;
  /** What was sent meanwhile is lost. */
  restore(): void;
};

/** One process's connection to a bus that others share. */
export function cuttable(bus: Bus): CuttableBus {
  const listeners = new Set<(status: BusStatus) => void>();
  let isCut = false;
  const tell = (status: BusStatus) => {
    for (const listener of [...listeners]) listener(status);
  };
  const through = () => {
    if (isCut) throw new FairleadError("bus_disconnected");
    return bus;
  };
  return {
    get isConnected() {
      return !isCut && bus.isConnected;
    },
    publish: (...message) => through().publish(...message),
    subscribe: (subject, handler, options) =>
      bus.subscribe(subject, (message) => isCut || handler(message), options),
    flush: async () => through().flush(),
    request: async (...request) => through().request(...request),
    requestMany: async (...request) => through().requestMany(...request),
    onStatus: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => bus.close(),
    cut: () => {
      isCut = true;
      tell("lost");
    },
    restore: () => {
      isCut = false;
      tell("resumed");
    },
  };
}
