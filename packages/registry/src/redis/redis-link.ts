import { createClient, createCluster } from "@redis/client";

/** Redis comes back within this, or a little later. */
const RECONNECT_MS = 200;
/** Beyond any burst; a Redis that stalls must not fill this process's memory. */
const QUEUE_LIMIT = 10_000;

export type LinkOptions = {
  /** `redis[s]://[user[:password]@]host[:port][/db]`; of a cluster, any of its nodes, or several separated by commas. */
  url: string;
  isCluster: boolean;
  onReady: () => void;
  onError: (error: unknown) => void;
};

/** One connection, or one to each node of a cluster, which reconnects by itself until it is destroyed. */
export type Link = {
  /** Rejects at once while there is no connection. */
  send(key: string, command: string[]): Promise<unknown>;
  destroy(): void;
};

export function openLink(options: LinkOptions): Link {
  return options.isCluster ? openClusterLink(options) : openSingleLink(options);
}

const socket = { connectTimeout: 1_000, reconnectStrategy: () => RECONNECT_MS };
const common = {
  disableOfflineQueue: true,
  commandsQueueMaxLength: QUEUE_LIMIT,
  maintNotifications: "disabled" as const,
};

function openSingleLink({ url, onReady, onError }: LinkOptions): Link {
  const client = createClient({ url, socket, ...common, RESP: 2 });
  client.on("error", onError).on("ready", onReady);
  client.connect().catch(onError);
  return {
    send: (_key, command) => client.sendCommand(command),
    destroy: () => client.destroy(),
  };
}

function openClusterLink({ url, onReady, onError }: LinkOptions): Link {
  const rootNodes = url.split(",").map((node) => ({ url: node.trim() }));
  // One slot is all that is asked for, so one node's connection is all that is needed.
  const cluster = createCluster({
    ...{ rootNodes, minimizeConnections: true, RESP: 2 },
    defaults: { socket, ...common },
  });
  cluster.on("error", onError).on("node-error", onError).on("node-ready", onReady);
  let isDestroyed = false;
  const connect = async (): Promise<void> => {
    while (!isDestroyed) {
      const error = await cluster.connect().then(
        () => null,
        (cause: unknown) => cause,
      );
      if (error === null) return onReady();
      // Unlike a single connection's, this attempt is not repeated by the client.
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  };
  void connect();
  return {
    send: (key, command) => cluster.sendCommand(key, false, command),
    destroy: () => {
      isDestroyed = true;
      cluster.destroy();
    },
  };
}
