import type { Bus } from "@fairlead/bus";
import type { RateStanding } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { Context } from "hono";
import { clientAddressOf } from "../abuse/client-address.ts";
import { rateHeaders } from "../abuse/rate-headers.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import { traceRequest } from "../trace/trace-request.ts";
import { usedKey } from "./api-key.ts";

/** One request, or one WebSocket for as long as it is open: what is known of its sender, and what this process does for it. */
export type Caller = {
  readonly shared: SignalingProcess;
  /** The process's bus. The request's trace goes with what is sent through it. */
  readonly bus: Bus;
  /** The process's log, with the request's id in each line, and the name of its API key if it has one. */
  readonly log: Logger;
  /** The client's address, as limits count it; undefined where the runtime does not know it. */
  readonly address: string | undefined;
  /** Hears how the rates stand that the request was counted for. */
  onRates(standings: readonly RateStanding[]): void;
};

export function callerOf(shared: SignalingProcess, c: Context): Caller {
  const key = usedKey(c);
  return {
    shared,
    bus: traceRequest(shared.bus, c),
    log: shared.log.child({ requestId: c.get("requestId"), ...(key ? { apiKey: key.name } : {}) }),
    address: clientAddressOf(c, shared),
    onRates: (standings) => {
      for (const [name, value] of Object.entries(rateHeaders(standings))) c.header(name, value);
    },
  };
}

/** The sender of a WebSocket's upgrade, whose answer has been given and takes no more headers. */
export function socketCallerOf(shared: SignalingProcess, c: Context): Caller {
  return { ...callerOf(shared, c), onRates: () => {} };
}
