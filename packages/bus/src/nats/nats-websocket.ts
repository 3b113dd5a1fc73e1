import { wsconnect } from "@nats-io/nats-core";
import { openNatsBus, type RenewableBus } from "./nats-bus.ts";
import { connectionOptions, type NatsBusOptions } from "./nats-bus-options.ts";

export type { RenewableBus } from "./nats-bus.ts";
export type { NatsBusOptions } from "./nats-bus-options.ts";

/**
 * A `Bus` over NATS by the platform's own WebSocket, so for any runtime. As `connectNatsTcpBus` in everything else.
 *
 * @throws {Error} The credentials are refused; with `waitOnFirstConnect: false` also when no server can be reached.
 */
export async function connectNatsWebSocketBus(options: NatsBusOptions): Promise<RenewableBus> {
  if (options.tls)
    throw new Error(
      "NATS over WebSocket takes no certificates: the runtime decides whom it trusts (Node: NODE_EXTRA_CA_CERTS)",
    );
  return openNatsBus(() => wsconnect({ ...connectionOptions(options), wsFactory: openSocket }), options);
}

async function openSocket(url: string): Promise<{ socket: WebSocket; encrypted: boolean }> {
  return { socket: closePromptly(new WebSocket(url)), encrypted: url.startsWith("wss:") };
}

/** NATS's client waits for the goodbye of a server that no longer answers: here a socket that is being closed is closed. */
function closePromptly(socket: WebSocket): WebSocket {
  const close = socket.close.bind(socket);
  let isClosed = false;
  Object.defineProperties(socket, {
    // A close lets what was sent leave by itself; nobody needs to wait for it.
    bufferedAmount: { value: 0 },
    close: {
      value: () => {
        if (isClosed) return;
        isClosed = true;
        close();
        socket.onclose?.({ wasClean: true, reason: "" } as CloseEvent);
      },
    },
  });
  return socket;
}
