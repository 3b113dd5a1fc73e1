import { unknownVariables, VERSION } from "@fairlead/server-process/settings";
import { type ConsoleLoggerOptions, createConsoleLogger } from "@fairlead/telemetry/console";
import { answerFailure } from "./answer-failure.ts";
import { openShard } from "./open-shard.ts";
import { readShardConfig, textsOf } from "./worker-settings.ts";
import type { Shard, ShardState, WorkerEnv } from "./workers-api.ts";

/** Clients that come back by the hundred are no reason to call on a NATS that is away by the hundred. */
const RETRY_MS = 500;

/**
 * A Durable Object: what of signaling can't live in a Worker, whose requests share no connections. It owns one connection to NATS
 * and the sockets of its clients, and keeps nothing: evicted, it begins anew, and its clients resume anywhere.
 */
export class SignalingShard implements Shard {
  readonly #name: string | undefined;
  readonly #env: WorkerEnv;
  #shard: Promise<Shard> | null = null;

  constructor({ id }: ShardState, env: WorkerEnv) {
    this.#name = id.name;
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

  /** All who ask meanwhile wait for the same try, and those who ask soon after have its refusal. */
  async #open(): Promise<Shard> {
    const logAt = (level: ConsoleLoggerOptions["level"]) =>
      createConsoleLogger({ level }).child({ shard: this.#name, version: VERSION });
    let log = logAt("info");
    try {
      const config = await readShardConfig(this.#env);
      log = logAt(config.logLevel);
      for (const variable of unknownVariables(textsOf(this.#env)))
        log.warn("settings.unknown_variable", { variable });
      const shard = await openShard(config, log);
      log.info("shard.started");
      return shard;
    } catch (error) {
      setTimeout(() => {
        this.#shard = null;
      }, RETRY_MS);
      log.error("shard.start_failed", { error });
      throw error;
    }
  }
}
