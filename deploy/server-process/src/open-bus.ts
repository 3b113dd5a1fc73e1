import { connectNatsTcpBus, type RenewableBus } from "@fairlead/bus/nats-tcp";
import { connectNatsWebSocketBus } from "@fairlead/bus/nats-websocket";
import type { Logger } from "@fairlead/telemetry";
import type { ClusterConfig } from "./cluster-settings.ts";

/**
 * Connects to NATS by the adapter that the servers' scheme asks for, however long that takes, and logs when the connection is
 * lost and resumed.
 * @param role Whose permissions the user has (`deploy/nats`): each role has an inbox prefix of its own.
 * @throws {Error} The credentials are refused.
 */
export async function openBus(
  { isWebSocket, ...nats }: ClusterConfig["nats"],
  { role, name, log }: { role: "signaling" | "node"; name: string; log: Logger },
): Promise<RenewableBus> {
  const connect = isWebSocket ? connectNatsWebSocketBus : connectNatsTcpBus;
  const bus = await connect({
    ...nats,
    name,
    inboxPrefix: `_INBOX_${role}`,
    onHandlerError: (error, subject) => log.error("bus.handler_failed", { subject, error }),
    onConnectionError: (error) => log.warn("bus.failed", { error }),
  });
  bus.onStatus((status) => log[status === "lost" ? "warn" : "info"](`bus.${status}`));
  return bus;
}
