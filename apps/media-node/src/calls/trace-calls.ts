import type { BusHeaders, NodeCallHandlers } from "@fairlead/bus";
import type { LogFields, Logger } from "@fairlead/telemetry";

/** W3C Trace Context § 3.2.2: the second part. Signaling lets nothing else through. */
const TRACE_ID = /^[\da-f]{2}-([\da-f]{32})-/;

/** @returns The trace that a call belongs to, for the log. */
export function traceFields({ traceparent = "" }: BusHeaders): LogFields {
  const traceId = TRACE_ID.exec(traceparent)?.[1];
  return traceId === undefined ? {} : { traceId };
}

/** @returns The same handlers; calls that belong to a trace are noted with it. */
export function noteTraces<H extends Partial<NodeCallHandlers>>(handlers: H, log: Logger): H {
  const noted = Object.entries(handlers).map(([name, handle]) => {
    const note = (request: never, headers: BusHeaders) => {
      if (headers.traceparent !== undefined) log.debug("call.received", { name, ...traceFields(headers) });
      return (handle as (request: never, headers: BusHeaders) => unknown)(request, headers);
    };
    return [name, note] as const;
  });
  return Object.fromEntries(noted) as unknown as H;
}
