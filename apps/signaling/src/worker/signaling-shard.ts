import { createConsoleLogger } from "@fairlead/telemetry/console";
import { answerFailure } from "./answer-failure.ts";
import { openShard } from "./open-shard.ts";
import { readShardConfig } from "./worker-settings.ts";
import type { Shard, WorkerEnv } from "./workers-api.ts";

/**
 * A Durable Object: what of signaling can't live in a Worker, whose requests share no connections. It owns one connection to NATS
 * and the sockets of its clients, and keeps nothing: evicted, it begins anew, and its clients resume anywhere.
 */
export class SignalingShard implements Shard {
  readonly #env: WorkerEnv;
  #shard: Promise<Shard> | null = null;

  constructor(_state: unknown, env: WorkerEnv) {
    this.#env = env;
  }

  async fetch(request: Request): Promise<Response> {
    try {
      this.#shard ??= this.#open();
      const shard = await this.#shard;
      return await shard.fetch(request);
    } catch (error) {
      return answerFailure(error);
    }
  }

  /** All who ask meanwhile wait for the same try. */
  async #open(): Promise<Shard> {
    let log = createConsoleLogger({ level: "info" });
    try {
      const config = await readShardConfig(this.#env);
      log = createConsoleLogger({ level: config.logLevel });
      const shard = await openShard(config, log);
      log.info("shard.started");
      return shard;
    } catch (error) {
      this.#shard = null;
      log.error("shard.start_failed", { error });
      throw error;
    }
  }
}
