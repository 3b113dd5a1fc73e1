import { askShards } from "./worker/ask-shards.ts";
import { refuseEarly } from "./worker/refuse-early.ts";
import type { WorkerEnv } from "./worker/workers-api.ts";

export { SignalingShard } from "./worker/signaling-shard.ts";

/** Cloudflare Workers: every request goes on to a Durable Object, but for those that none would let pass. */
// biome-ignore lint/style/noDefaultExport: what Workers start with.
export default {
  fetch: (request: Request, env: WorkerEnv) => refuseEarly(request) ?? askShards(request, env, Math.random),
};
