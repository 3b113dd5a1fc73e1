import { askShards } from "./worker/ask-shards.ts";
import type { WorkerEnv } from "./worker/workers-api.ts";

export { SignalingShard } from "./worker/signaling-shard.ts";

/** Cloudflare Workers: every request goes on to a Durable Object. */
// biome-ignore lint/style/noDefaultExport: what Workers start with.
export default { fetch: (request: Request, env: WorkerEnv) => askShards(request, env, Math.random) };
