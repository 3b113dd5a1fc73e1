import type { Redis } from "@upstash/redis/cloudflare";
import * as z from "zod";
import type { ScriptName } from "../scripts/lua/compose.ts";
import type { ScriptPort } from "../scripts/script-port.ts";
import { isScriptUnknown, type ScriptText } from "../scripts/script-texts.ts";

/** Scripts over Upstash's REST protocol. */
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
    try {
      return await this.#redis.evalsha(sha, [this.#keyPrefix], [...args]);
    } catch (error) {
      if (!isScriptUnknown(error)) throw error;
      return this.#redis.eval(text, [this.#keyPrefix], [...args]);
    }
  }

  async time(): Promise<number> {
    const [seconds, microseconds] = z
      .tuple([z.coerce.number(), z.coerce.number()])
      .parse(await this.#redis.time());
    return seconds * 1_000 + microseconds / 1_000;
  }

  async ping(): Promise<void> {
    await this.#redis.ping();
  }

  async close(): Promise<void> {}
}
