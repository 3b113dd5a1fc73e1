import { type NatsConnection, NatsConnectionImpl, setTransportFactory } from "@nats-io/nats-core/internal";
import { NodeTransport, nodeResolveHost } from "@nats-io/transport-node/lib/node_transport.js";
import { openNatsBus, type RenewableBus } from "./nats-bus.ts";
import { connectionOptions, type NatsBusOptions } from "./nats-bus-options.ts";

export type { RenewableBus } from "./nats-bus.ts";
export type { NatsBusOptions } from "./nats-bus-options.ts";

/**
 * A `Bus` over NATS by TCP or TLS, for Node, Deno, Bun. Resolves with the first connection, for which it waits if need be; lost
 * ones are made anew for ever, first after about 100 ms, then after up to a second and a half.
 *
 * @throws {Error} The credentials are refused; with `waitOnFirstConnect: false` also when no server can be reached.
 */
export function connectNatsTcpBus(options: NatsBusOptions): Promise<RenewableBus> {
  const { servers, tls } = options;
  // NATS's client reads only host and port of a URL: without this `tls://` would not insist on TLS.
  const needsTls = tls !== undefined || servers.some((url) => url.startsWith("tls://"));
  const settings = { ...connectionOptions(options), ...(needsTls ? { tls: definedOf(tls) } : {}) };
  return openNatsBus(() => dial(settings), options);
}

/** As `connect` of `@nats-io/transport-node` does it, with a transport that leaves nothing behind. */
function dial(settings: ReturnType<typeof connectionOptions>): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new TidyTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect({ ...settings });
}

/** Mends two things of the client's own. */
class TidyTransport extends NodeTransport {
  /** Of a server that is given by address it would look for `localhost` in the certificate. */
  override connect(...[server, options]: Parameters<NodeTransport["connect"]>): Promise<void> {
    const tls = options.tls && { ...options.tls, host: server.hostname };
    return super.connect(server, { ...options, tls });
  }

  /** It would leave the socket of a dial that ran out of time open. */
  override async close(error?: Error): Promise<void> {
    await super.close(error);
    this.discard();
  }
}

function definedOf(tls: NatsBusOptions["tls"] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(tls).filter(([, pem]) => pem !== undefined));
}
