import { ErrorReply } from "@redis/client";
import * as z from "zod";
import type { ScriptName } from "../scripts/compose.ts";
import { evictionPolicyIn, isFromWrongServer, isScriptUnknown, PROBE_KEY } from "../scripts/redis-answers.ts";
import type { ScriptPort } from "../scripts/script-port.ts";
import type { ScriptText } from "../scripts/script-texts.ts";
import { type Link, openLink } from "./redis-link.ts";

export type RedisPortOptions = {
  url: string;
  isCluster: boolean;
  /** Every key begins with it. Scripts get it as their only key. */
  keyPrefix: string;
  textOf: (name: ScriptName) => Promise<ScriptText>;
  /** Called after each connection, the first and every later one. It may lead to another server than before. */
  onReady: () => void;
  onError: (error: unknown) => void;
  /** Called for each refusal that speaks against the server: also for those of the port's own writes, which nobody else sees. */
  onWrongServer: (error: Error) => void;
};

const TICK_MS = 500;
/**
 * Counted in ticks and not in milliseconds: a process that was paused sees at most one tick for the pause, and so does not mistake its
 * own standstill for a silent Redis.
 */
const SILENT_TICKS = 4;
/** How often a write is tried, in ticks, though reads are answered: a server that has become a replica goes on answering reads. */
const PROBE_TICKS = 4;
/** Between two renewals for a refusal: while no server takes writes, each new connection is refused too. */
const RENEW_EVERY_MS = 500;

/**
 * Runs scripts over RESP. It replaces a connection that has been silent for a while: a stalled server keeps it open while requests
 * pile up, and in a cluster another node may own the slot by now. It also replaces a connection to a server that takes no writes: after a
 * failover behind a fixed address the old connection may still lead to the former primary.
 */
export class RedisPort implements ScriptPort {
  readonly #options: RedisPortOptions;
  #link: Link;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Both since the last tick. */
  #wasAsked = false;
  #wasAnswered = false;
  #silentTicks = 0;
  #ticks = 0;
  #isClosed = false;
  #renewedMs = Number.NEGATIVE_INFINITY;
  /** The connection's latest error: why there is none now. */
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

  async probe(): Promise<void> {
    await this.#send(["SET", `${this.#options.keyPrefix}${PROBE_KEY}`, ""]);
  }

  async evictionPolicy(): Promise<string | null> {
    return evictionPolicyIn(await this.#send(["INFO", "memory"]));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#link.destroy();
  }

  async #send(command: string[]): Promise<unknown> {
    this.#wasAsked = true;
    const link = this.#link;
    try {
      const reply = await link.send(this.#options.keyPrefix, command);
      this.#wasAnswered = true;
      return reply;
    } catch (error) {
      if (!(error instanceof ErrorReply))
        throw new Error("Redis is away", { cause: this.#lastError ?? error });
      this.#wasAnswered = true;
      if (isFromWrongServer(error)) {
        this.#options.onWrongServer(error);
        this.#leave(link);
      }
      throw error;
    }
  }

  #tick(): void {
    this.#silentTicks = this.#wasAnswered ? 0 : this.#silentTicks + 1;
    if (this.#silentTicks >= SILENT_TICKS) this.#renewLink();
    this.#ticks += 1;
    // Silence means something only if something was asked.
    if (!this.#wasAsked || this.#ticks % PROBE_TICKS === 0) this.probe().catch(() => {});
    this.#wasAsked = false;
    this.#wasAnswered = false;
  }

  /** Many commands on one connection are refused together, and one renewal is enough. */
  #leave(link: Link): void {
    if (this.#isClosed || link !== this.#link || performance.now() - this.#renewedMs < RENEW_EVERY_MS) return;
    this.#renewLink();
  }

  #renewLink(): void {
    this.#silentTicks = 0;
    this.#renewedMs = performance.now();
    this.#link.destroy();
    this.#link = this.#link.renew();
  }
}
