import * as z from "zod";
import type { ScriptName } from "../scripts/lua/compose.ts";
import type { ScriptPort } from "../scripts/script-port.ts";
import { isScriptUnknown, type ScriptText } from "../scripts/script-texts.ts";
import { type Link, openLink, SILENCE_MS } from "./redis-link.ts";

export type RedisPortOptions = {
  url: string;
  isCluster: boolean;
  /** Of all keys, and the one key that scripts are given. */
  keyPrefix: string;
  textOf: (name: ScriptName) => Promise<ScriptText>;
  /** Connected, at first or again: perhaps to another server. */
  onReady: () => void;
  onError: (error: unknown) => void;
};

/**
 * Scripts over RESP. Replaces a connection on which commands were sent and nothing came back for a while: a server that stalls
 * keeps it open, and what waits on it would pile up; in a cluster, another node may have the slot now.
 */
export class RedisPort implements ScriptPort {
  readonly #options: RedisPortOptions;
  #link: Link;
  /** When the first command was sent that nothing has come back after. */
  #silentSinceMs: number | null = null;

  constructor(options: RedisPortOptions) {
    this.#options = options;
    this.#link = openLink(options);
  }

  async run(name: ScriptName, args: readonly string[]): Promise<unknown> {
    const { text, sha } = await this.#options.textOf(name);
    const rest = ["1", this.#options.keyPrefix, ...args];
    try {
      return await this.#send(["EVALSHA", sha, ...rest]);
    } catch (error) {
      if (!isScriptUnknown(error)) throw error;
      return this.#send(["EVAL", text, ...rest]);
    }
  }

  async time(): Promise<number> {
    const [seconds, microseconds] = z.tuple([z.string(), z.string()]).parse(await this.#send(["TIME"]));
    return Number(seconds) * 1_000 + Number(microseconds) / 1_000;
  }

  async ping(): Promise<void> {
    await this.#send(["PING"]);
  }

  async close(): Promise<void> {
    this.#link.destroy();
  }

  async #send(command: string[]): Promise<unknown> {
    const nowMs = performance.now();
    this.#silentSinceMs ??= nowMs;
    if (nowMs - this.#silentSinceMs > SILENCE_MS) this.#renewLink(nowMs);
    const link = this.#link;
    const reply = await link.send(this.#options.keyPrefix, command);
    this.#silentSinceMs = null;
    return reply;
  }

  #renewLink(nowMs: number): void {
    this.#link.destroy();
    this.#link = openLink(this.#options);
    this.#silentSinceMs = nowMs;
  }
}
