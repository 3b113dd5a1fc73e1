import type { AddressInfo } from "node:net";
import { within } from "@fairlead/protocol";
import { serve } from "@hono/node-server";
import { openConnection, type RedisListener } from "./redis-connection.ts";
import { createRestApp } from "./rest-app.ts";

export type RedisRestOptions = RedisListener & {
  /** `redis[s]://[user[:password]@]host[:port][/db]`. */
  redisUrl: string;
  /** Clients send it as `Authorization: Bearer …`. */
  token: string;
  host?: string;
  /** 0 takes any free port. */
  port?: number;
};

const START_MS = 1_000;

/** Resolves when it listens and Redis answers, or after a second without Redis: until Redis is back, requests get 503. */
export async function serveRedisRest(
  options: RedisRestOptions,
): Promise<{ url: string; close(): Promise<void> }> {
  const { redisUrl, token, host = "127.0.0.1", port = 0 } = options;
  const redis = openConnection(redisUrl, options);
  const { fetch } = createRestApp(redis, token);
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>();
  const server = serve({ fetch, hostname: host, port }, resolve);
  server.once("error", reject);
  await within(START_MS, redis.ready).catch(() => {});
  const address = await promise.catch((error: unknown) => {
    redis.close();
    throw error;
  });
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      if ("closeIdleConnections" in server) server.closeIdleConnections();
      await closed;
      redis.close();
    },
  };
}
