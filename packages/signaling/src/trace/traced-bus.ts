import type { Bus, BusHeaders } from "@fairlead/bus";

/** @returns The same bus; `headers` travel with everything that is sent through this view of it. */
export function withHeaders(bus: Bus, headers: BusHeaders): Bus {
  return {
    get isConnected() {
      return bus.isConnected;
    },
    publish: (subject, data, own) => bus.publish(subject, data, { ...headers, ...own }),
    subscribe: (subject, handler, options) => bus.subscribe(subject, handler, options),
    flush: () => bus.flush(),
    request: (subject, data, options) =>
      bus.request(subject, data, { ...options, headers: { ...headers, ...options.headers } }),
    requestMany: (subject, data, options) =>
      bus.requestMany(subject, data, { ...options, headers: { ...headers, ...options.headers } }),
    onStatus: (listener) => bus.onStatus(listener),
    close: () => bus.close(),
  };
}
