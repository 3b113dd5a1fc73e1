import * as library from "@redis/client";

/** What the connections here use of the library's clients. */
type Client<Event extends string> = {
  on(event: Event, listener: (error: unknown) => void): Client<Event>;
  connect(): Promise<unknown>;
  destroy(): void;
};

export type RedisClient = Client<"error" | "ready"> & {
  sendCommand(command: string[]): Promise<unknown>;
  duplicate(): RedisClient;
};

export type RedisCluster = Client<"error" | "node-error" | "node-ready"> & {
  sendCommand(key: string, isReadOnly: boolean, command: string[]): Promise<unknown>;
  duplicate(): RedisCluster;
};

type Library = {
  createClient(options: Omit<library.RedisClientOptions, "RESP"> & { RESP: 2 }): RedisClient;
  createCluster(options: Omit<library.RedisClusterOptions, "RESP"> & { RESP: 2 }): RedisCluster;
};

// The library's own types of a client hold every command of Redis; tsc spends four fifths of a whole check on them.
export const { createClient, createCluster } = library as unknown as Library;
