import { Capabilities, FairleadError } from "@fairlead/protocol";
import type { ReconnectPolicy } from "../api/options.ts";
import { browserStore, type PageStore } from "../channel/browser-store.ts";
import { fetchParsed } from "../channel/fetch-signaling.ts";
import { pause } from "../pause.ts";
import type { RunningClock } from "../running-clock.ts";
import { FIRST_JOIN_PATIENCE_MS, judgeRefusal } from "./judge-refusal.ts";

/** The answer is small and comes from memory: a request that takes this long is lost. */
const ANSWER_WITHIN_MS = 7_500;

const memory = new Map<string, Capabilities>();

/** How long, and how often, a request without an answer is made again. */
export type Patience = {
  policy: ReconnectPolicy;
  clock: RunningClock;
  /** 0..1 */
  random: () => number;
  signal: AbortSignal;
};

/**
 * Keeps the cluster's capabilities for the next join, in memory and in `store`: they change with a deployment, not with a
 * room. A stale copy does no harm, since the refusal of the join brings the fresh set.
 */
export class CapabilitiesCache {
  readonly #url: string;
  readonly #store: PageStore | undefined;

  constructor(url: string, store: PageStore | undefined = browserStore()) {
    this.#url = url;
    this.#store = store;
  }

  /**
   * @throws {FairleadError} `signaling_unreachable` and other faults that may pass, after some tries; signaling's refusals.
   * @throws The reason of `signal`.
   */
  async load(patience: Patience): Promise<Capabilities> {
    return memory.get(this.#url) ?? this.#read() ?? this.save(await this.#fetchPatiently(patience));
  }

  async #fetchPatiently({ policy, clock, random, signal }: Patience): Promise<Capabilities> {
    const sinceMs = clock.now();
    const patienceMs = Math.min(FIRST_JOIN_PATIENCE_MS, policy.giveUpAfterMs);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#fetch(signal);
      } catch (error) {
        signal.throwIfAborted();
        const delayMs = Math.max(policy.nextDelayMs(attempt, random), retryAfterMs(error));
        if (delayMs >= clock.leftMs(sinceMs, patienceMs)) throw error;
        await pause(delayMs);
        signal.throwIfAborted();
      }
    }
  }

  #fetch(signal: AbortSignal): Promise<Capabilities> {
    const request = { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]) };
    return fetchParsed(Capabilities, `${this.#url}/v1/capabilities`, request);
  }

  save(capabilities: Capabilities): Capabilities {
    memory.set(this.#url, capabilities);
    try {
      this.#store?.setItem(this.#key, JSON.stringify(capabilities));
    } catch {
      // Storage is full or forbidden: the copy in memory serves.
    }
    return capabilities;
  }

  get #key(): string {
    return `fairlead.capabilities ${this.#url}`;
  }

  #read(): Capabilities | undefined {
    try {
      return Capabilities.parse(JSON.parse(this.#store?.getItem(this.#key) ?? ""));
    } catch {
      return undefined;
    }
  }
}

/** @returns Infinity for a refusal that stays. */
function retryAfterMs(error: unknown): number {
  const stays = !(error instanceof FairleadError) || judgeRefusal(error.code, "first_join") === "end";
  return stays ? Number.POSITIVE_INFINITY : (error.retryAfterMs ?? 0);
}

/** For tests: puts the module in the state of a page that was just opened. */
export function forgetCapabilities(): void {
  memory.clear();
}
