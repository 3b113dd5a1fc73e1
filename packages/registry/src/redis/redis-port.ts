import { ErrorReply } from "@redis/client";
import * as z from "zod";
import type { ScriptName } from "../scripts/lua/compose.ts";
import type { ScriptPort } from "../scripts/script-port.ts";
import { isScriptUnknown, type ScriptText } from "../scripts/script-texts.ts";
import { type Link, openLink } from "./redis-link.ts";

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

const TICK_MS = 500;
/** Counted in ticks, of which a process that stood still itself has had one at most: it must not take that for Redis's silence. */
const SILENT_TICKS = 4;

/**
 * Scripts over RESP. Replaces a connection on which nothing comes back for a while: a server that stalls keeps it open, and
 * what waits on it would pile up; in a cluster, another node may have the slot by now.
 */
export class RedisPort implements ScriptPort {
  readonly #options: RedisPortOptions;
  #link: Link;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Since the last tick. */
  #wasAsked = false;
  #wasAnswered = false;
  #silentTicks = 0;
  /** Why there is no connection. */
  #lastError: unknown;

  constructor(options: RedisPortOptions) {
    this.#options = options;
    const onError = (error: unknown) => {
      this.#lastError = error;
      options.onError(error);
    };
    this.#link = openLink({ ...options, onError });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
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
    clearInterval(this.#timer);
    this.#link.destroy();
  }

  async #send(command: string[]): Promise<unknown> {
    this.#wasAsked = true;
    try {
      const reply = await this.#link.send(this.#options.keyPrefix, command);
      this.#wasAnswered = true;
      return reply;
    } catch (error) {
      if (!(error instanceof ErrorReply))
        throw new Error("Redis is away", { cause: this.#lastError ?? error });
      this.#wasAnswered = true;
      throw error;
    }
  }

  #tick(): void {
    this.#silentTicks = this.#wasAnswered ? 0 : this.#silentTicks + 1;
    if (this.#silentTicks >= SILENT_TICKS) this.#renewLink();
    // Where nobody asks, silence means nothing.
    if (!this.#wasAsked) this.ping().catch(() => {});
    this.#wasAsked = false;
    this.#wasAnswered = false;
  }

  #renewLink(): void {
    this.#silentTicks = 0;
    this.#link.destroy();
    this.#link = this.#link.renew();
  }
}
