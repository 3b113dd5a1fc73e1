import * as library from "@redis/client";

export type RedisConnection = { sendCommand(command: string[]): Promise<unknown>; destroy(): void };

// The library's own types of a client hold every command of Redis, which costs each check of types most of its time.
const { createClient } = library as unknown as {
  createClient(options: { url: string; RESP: 2 }): { connect(): Promise<RedisConnection> };
};

/** A connection of a test's own, for what the product has no call for. */
export function connectRedis(url: string): Promise<RedisConnection> {
  return createClient({ url, RESP: 2 }).connect();
}
