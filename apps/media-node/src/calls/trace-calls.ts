import type { BusHeaders, ServeHooks } from "@fairlead/bus";
import type { LogFields, Logger } from "@fairlead/telemetry";

/** W3C Trace Context § 3.2.2: the second part. Signaling lets nothing else through. */
const TRACE_ID = /^[\da-f]{2}-([\da-f]{32})-/;

/** @returns The trace that a call belongs to, for the log. */
export function traceFields({ traceparent = "" }: BusHeaders): LogFields {
  const traceId = TRACE_ID.exec(traceparent)?.[1];
  return traceId === undefined ? {} : { traceId };
}

/** @returns A hook that notes the calls that belong to a trace. */
export function traceNoter(log: Logger): NonNullable<ServeHooks["beforeCall"]> {
  return (name, _request, headers) => {
    if (headers.traceparent !== undefined) log.debug("call.received", { name, ...traceFields(headers) });
  };
}
