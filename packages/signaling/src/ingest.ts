import type { Bus } from "@fairlead/bus";
import type { Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { UpgradeWebSocket } from "hono/ws";
import { canonicalAddress } from "./abuse/canonical-address.ts";
import { type IngestPlace, type IngestRequest, openIngest } from "./sdp-session/open-ingest.ts";
import { createProcess, type RateLimits, type SignalingDependencies } from "./signaling-process.ts";

export type { IngestPlace } from "./sdp-session/open-ingest.ts";
export type { RateLimits } from "./signaling-process.ts";

export type IngestDependencies = Pick<
  SignalingDependencies,
  "now" | "random" | "region" | "metrics" | "limits"
> & {
  bus: Bus;
  registry: Registry;
  log: Logger;
  /** The cluster's, which this process counts for with signaling. Default: none. */
  rateLimits?: RateLimits;
};

export type OpenPlace = (request: IngestRequest & { address: string }) => Promise<IngestPlace>;

/** No peer comes to this process: it verifies no tickets, signs none, and answers no HTTP. */
const NO_PEERS = {
  ticketKeys: { keys: [], signer: null },
  sessionKeys: { keys: [], signer: null },
  apiKeys: [],
  upgradeWebSocket: (() => {
    throw new Error("this process has no WebSockets");
  }) as UpgradeWebSocket,
  clientAddress: () => undefined,
};

/**
 * What a process that takes media in has of signaling: it proves stream keys, places broadcasts and claims them at their homes.
 * Refusals, rates and the memory of both are one process's.
 */
export function createIngestOpener(dependencies: IngestDependencies): OpenPlace {
  const shared = createProcess({ ...dependencies, ...NO_PEERS });
  const { bus, log } = shared;
  return ({ address, ...request }) =>
    openIngest({ shared, bus, log, address: canonicalAddress(address), onRates: () => {} }, request);
}
