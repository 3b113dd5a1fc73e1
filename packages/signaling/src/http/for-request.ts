import type { Context } from "hono";
import { clientAddressOf } from "../abuse/client-address.ts";
import { rateHeaders } from "../abuse/rate-headers.ts";
import type { SignalingContext } from "../context.ts";
import { traceRequest } from "../trace/trace-request.ts";

/** @returns The context for one request: its trace, its id in every line of the log, its client's address. */
export function forRequest(context: SignalingContext, c: Context): SignalingContext {
  return {
    ...context,
    bus: traceRequest(context.bus, c),
    log: context.log.child({ requestId: c.get("requestId") }),
    address: clientAddressOf(c, context),
    onRates: (standings) => {
      for (const [name, value] of Object.entries(rateHeaders(standings))) c.header(name, value);
    },
  };
}

/** The same for a WebSocket, for as long as it is open: its answer has been given, and takes no more headers. */
export function forSocket(context: SignalingContext, c: Context): SignalingContext {
  return { ...forRequest(context, c), onRates: () => {} };
}
