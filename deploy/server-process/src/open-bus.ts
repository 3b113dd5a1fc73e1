import { connectNatsTcpBus, type RenewableBus } from "@fairlead/bus/nats-tcp";
import { connectNatsWebSocketBus } from "@fairlead/bus/nats-websocket";
import { type Logger, type Metrics, noMetrics } from "@fairlead/telemetry";
import type { ClusterConfig } from "./cluster-settings.ts";
import { measureBus } from "./measure.ts";

export type OpenBusOptions = {
  /** The role whose permissions the NATS user has (`deploy/nats`): each role has an inbox prefix of its own. */
  role: "signaling" | "node" | "live" | "autoscaler";
  name: string;
  log: Logger;
  /** Default: nothing is measured. */
  metrics?: Metrics;
  /** Default true: waits however long that takes. False: rejects if the first try fails. */
  waitOnFirstConnect?: boolean;
};

/**
 * Connects to NATS by the adapter that the servers' scheme asks for, and logs when the connection is lost and resumed.
 * @throws {Error} The credentials are refused; with `waitOnFirstConnect: false` also when no server can be reached.
 */
export async function openBus(
  { isWebSocket, ...nats }: ClusterConfig["nats"],
  { role, name, log, metrics = noMetrics, waitOnFirstConnect = true }: OpenBusOptions,
): Promise<RenewableBus> {
  const connect = isWebSocket ? connectNatsWebSocketBus : connectNatsTcpBus;
  const bus = await connect({
    ...nats,
    name,
    waitOnFirstConnect,
    inboxPrefix: `_INBOX_${role}`,
    onHandlerError: (error, subject) => log.error("bus.handler_failed", { subject, error }),
    onConnectionError: (error) => log.warn("bus.failed", { error }),
  });
  bus.onStatus((status) => log[status === "lost" ? "warn" : "info"](`bus.${status}`));
  return metrics === noMetrics ? bus : measureBus(bus, metrics);
}
