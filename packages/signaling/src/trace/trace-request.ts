import type { Bus, BusHeaders } from "@fairlead/bus";
import type { Context } from "hono";
import { withHeaders } from "./traced-bus.ts";

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
