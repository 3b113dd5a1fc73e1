import { createClient, createCluster } from "@redis/client";

/** Redis comes back within this, or a little later. */
const RECONNECT_MS = 200;
const CONNECT_TIMEOUT_MS = 1_000;
/** Beyond any burst; a Redis that stalls must not fill this process's memory. */
const QUEUE_LIMIT = 10_000;

export type LinkOptions = {
  /** `redis[s]://[user[:password]@]host[:port][/db]`; of a cluster, any of its nodes, or several separated by commas. */
  url: string;
  isCluster: boolean;
  onReady: () => void;
  onError: (error: unknown) => void;
};

/** One connection, or one to each node of a cluster that is asked. It reconnects by itself until it is destroyed. */
export type Link = {
  /** Rejects at once while there is no connection. */
  send(key: string, command: string[]): Promise<unknown>;
  /** What waits on it is rejected. */
  destroy(): void;
  /** Another one like it. */
  renew(): Link;
};

export function openLink(options: LinkOptions): Link {
  return options.isCluster ? openCluster(options) : openSingle(options);
}

/** Fresh for each: the client writes into it. */
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

// A client made anew takes a tenth of a second of this process's time; a duplicate, nothing.
function openSingle(options: LinkOptions, client = newClient(options.url)): Link {
  client.on("error", options.onError).on("ready", options.onReady);
  client.connect().catch(options.onError);
  return {
    send: (_key, command) => client.sendCommand(command),
    destroy: () => client.destroy(),
    renew: () => openSingle(options, client.duplicate()),
  };
}

/** One slot is all that is asked for, so one node's connection is all that is needed. */
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
    // Unlike a single connection's, this attempt is not repeated by the client.
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
