import { type ConnectionOptions, credsAuthenticator } from "@nats-io/nats-core";

export type NatsBusOptions = {
  /** e.g. `nats://host:4222`, `tls://host:4222`, `wss://host`: all that the cluster has, tried in any order. */
  servers: string[];
  /** Shown by NATS's monitoring. */
  name?: string;
  user?: string;
  password?: string;
  token?: string;
  /** The content of a credentials file (user JWT and seed). */
  creds?: string;
  /** PEM. Over WebSocket the runtime decides whom it trusts, so there it is refused. */
  tls?: { ca?: string; cert?: string; key?: string };
  /**
   * Under which subject answers come: the permissions of the user name it. Begins with `_INBOX`, which is the default:
   * requests with other replies are not answered.
   */
  inboxPrefix?: string;
  /**
   * Default true: a server that can't be reached is tried until it can, and each new reason is told to `onConnectionError`. False:
   * the first failure to reach any rejects. Refused credentials always do.
   */
  waitOnFirstConnect?: boolean;
  /** Default: the error is thrown where nobody catches it, as it is a bug. */
  onHandlerError?: (error: unknown, subject: string) => void;
  /** Why the connection was lost or could not be made, and what NATS does not permit. The same reason in a row: once. */
  onConnectionError?: (error: unknown) => void;
  /** 0..1, spreads the reconnects of many. Default `Math.random`. */
  random?: () => number;
};

/** A dead peer is found by pings: after two unanswered ones, so within 6 s. */
const PING_INTERVAL_MS = 2_000;
const PINGS_UNANSWERED = 2;
/** A server that takes a connection and says nothing. */
const DIAL_TIMEOUT_MS = 2_000;

/** The options of both transports. A connection ends when it is lost: `NatsLink` makes the next one. */
export function connectionOptions(options: NatsBusOptions): ConnectionOptions {
  const { servers, name, user, password, token, creds, inboxPrefix } = options;
  return {
    servers,
    name,
    user,
    pass: password,
    token,
    inboxPrefix,
    ...(creds === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(creds)) }),
    reconnect: false,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: PINGS_UNANSWERED,
    timeout: DIAL_TIMEOUT_MS,
    // Addresses that servers tell of each other are often not reachable from here: those given are.
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
  };
}
