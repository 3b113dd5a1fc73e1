import { runProcess } from "@fairlead/server-process";
import { readConfig } from "./config.ts";
import { serveRedisRest } from "./serve-redis-rest.ts";

await runProcess(readConfig, async (config, log) => {
  const { url, close } = await serveRedisRest({
    ...config,
    onLost: (error) => log.warn("redis.failed", { error }),
    onResumed: () => log.info("redis.resumed"),
  });
  log.info("redis_rest.listening", { url });
  return close;
});
