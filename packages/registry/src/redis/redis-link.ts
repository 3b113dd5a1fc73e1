import { createClient, createCluster } from "./redis-client.ts";

/** The pause between two attempts to connect. */
const RECONNECT_MS = 200;
const CONNECT_TIMEOUT_MS = 1_000;
/** More than any burst needs. The limit keeps a stalled Redis from filling this process's memory. */
const QUEUE_LIMIT = 10_000;

export type LinkOptions = {
  /** `redis[s]://[user[:password]@]host[:port][/db]`; for a cluster, one or more of its nodes, separated by commas. */
  url: string;
  isCluster: boolean;
  onReady: () => void;
  onError: (error: unknown) => void;
};

/** One connection; for a cluster, one to each node that has been asked. It reconnects by itself until it is destroyed. */
export type Link = {
  /** Rejects immediately while there is no connection. */
  send(key: string, command: string[]): Promise<unknown>;
  /** Rejects every command that still waits for an answer. */
  destroy(): void;
  /** Opens another one with the same options. */
  renew(): Link;
};

export function openLink(options: LinkOptions): Link {
  return options.isCluster ? openCluster(options) : openSingle(options);
}

/** A new object for each client, because the client writes into it. */
function connectionOptions() {
  return {
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: () => RECONNECT_MS },
    disableOfflineQueue: true,
    commandsQueueMaxLength: QUEUE_LIMIT,
    maintNotifications: "disabled" as const,
  };
}

function newClient(url: string) {
  return createClient({ url, ...connectionOptions(), RESP: 2 });
}

// Creating a client blocks this process for a tenth of a second; duplicating one costs nothing.
function openSingle(options: LinkOptions, client = newClient(options.url)): Link {
  client.on("error", options.onError).on("ready", options.onReady);
  client.connect().catch(options.onError);
  return {
    send: (_key, command) => client.sendCommand(command),
    destroy: () => client.destroy(),
    renew: () => openSingle(options, client.duplicate()),
  };
}

/** The registry lives in one slot, so a connection to one node is enough. */
function newCluster(url: string) {
  const rootNodes = url.split(",").map((node) => ({ url: node.trim() }));
  return createCluster({ rootNodes, minimizeConnections: true, defaults: connectionOptions(), RESP: 2 });
}

function openCluster(options: LinkOptions, cluster = newCluster(options.url)): Link {
  const { onReady, onError } = options;
  cluster.on("error", onError).on("node-error", onError).on("node-ready", onReady);
  let isDestroyed = false;
  const connect = async (): Promise<void> => {
    const isConnected = await cluster.connect().then(
      () => true,
      (error: unknown) => onError(error),
    );
    if (isConnected) onReady();
    // The client repeats a failed attempt for a single connection, but not for a cluster.
    else if (!isDestroyed) setTimeout(connect, RECONNECT_MS);
  };
  void connect();
  return {
    send: (key, command) => cluster.sendCommand(key, false, command),
    destroy: () => {
      isDestroyed = true;
      cluster.destroy();
    },
    renew: () => openCluster(options, cluster.duplicate()),
  };
}
