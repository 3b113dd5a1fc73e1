import type { Redis } from "@upstash/redis/cloudflare";
import * as z from "zod";
import type { ScriptName } from "../scripts/compose.ts";
import { evictionPolicyIn, isScriptUnknown, PROBE_KEY } from "../scripts/redis-answers.ts";
import type { ScriptPort } from "../scripts/script-port.ts";
import type { ScriptText } from "../scripts/script-texts.ts";

/** Runs scripts over Upstash's REST protocol. */
export class UpstashPort implements ScriptPort {
  readonly #redis: Redis;
  readonly #keyPrefix: string;
  readonly #textOf: (name: ScriptName) => Promise<ScriptText>;

  constructor(redis: Redis, keyPrefix: string, textOf: (name: ScriptName) => Promise<ScriptText>) {
    this.#redis = redis;
    this.#keyPrefix = keyPrefix;
    this.#textOf = textOf;
  }

  async run(name: ScriptName, args: readonly string[]): Promise<unknown> {
    const { text, sha } = await this.#textOf(name);
    const keys = [this.#keyPrefix];
    try {
      return await this.#redis.evalsha(sha, keys, [...args]);
    } catch (error) {
      if (!isScriptUnknown(error)) throw withoutCommand(error);
      return this.#redis.eval(text, keys, [...args]).catch((failure) => {
        throw withoutCommand(failure);
      });
    }
  }

  async time(): Promise<number> {
    const [seconds, microseconds] = z
      .tuple([z.coerce.number(), z.coerce.number()])
      .parse(await this.#redis.time());
    return seconds * 1_000 + microseconds / 1_000;
  }

  async probe(): Promise<void> {
    await this.#redis.set(`${this.#keyPrefix}${PROBE_KEY}`, "").catch((error) => {
      throw withoutCommand(error);
    });
  }

  async evictionPolicy(): Promise<string | null> {
    // The client has no INFO of its own.
    return evictionPolicyIn(await this.#redis.eval("return redis.call('INFO', 'memory')", [], []));
  }

  async close(): Promise<void> {}
}

/** The client appends the whole command to its errors. Errors are logged, and a command holds identities and ticket ids. */
function withoutCommand(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const [message = ""] = error.message.split(/,? command was:/);
  return message === error.message ? error : new Error(message);
}
