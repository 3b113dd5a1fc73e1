import type { Bus, BusHeaders } from "@fairlead/bus";
import type { Context } from "hono";

/** W3C Trace Context § 3.2: version, trace id, parent id, flags. Anything else is no trace and goes no further. */
const TRACEPARENT = /^[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;
/** § 3.3: printable ASCII; longer ones may be dropped from 512 characters on. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/** @returns The bus for what this request makes other processes do: its trace goes with it, if it has one. */
export function traceRequest(bus: Bus, c: Context): Bus {
  const headers = traceOf(c.req.header("traceparent"), c.req.header("tracestate"));
  return headers ? withHeaders(bus, headers) : bus;
}

function traceOf(traceparent = "", tracestate = ""): BusHeaders | null {
  if (!TRACEPARENT.test(traceparent)) return null;
  return TRACESTATE.test(tracestate) ? { traceparent, tracestate } : { traceparent };
}

/** @returns The same bus; `headers` travel with everything that is sent through this view of it. */
function withHeaders(bus: Bus, headers: BusHeaders): Bus {
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
