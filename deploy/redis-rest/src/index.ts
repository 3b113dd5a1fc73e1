export { type RedisRestOptions, serveRedisRest } from "./serve-redis-rest.ts";
