import type { LiveBeat } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Logger, Metrics } from "@fairlead/telemetry";

const INTERVAL_MS = 1_000;

export type LiveBeatsOptions = {
  registry: Pick<Registry, "beatLive" | "removeLive">;
  /** Makes the beat that is sent now. */
  compose: () => LiveBeat;
  metrics: Metrics;
  log: Logger;
};

/** Tells the registry that this process lives and what it carries, one beat at a time. Nothing else depends on them. */
export class LiveBeats {
  readonly #options: LiveBeatsOptions;
  readonly #timer: NodeJS.Timeout;
  #beating: Promise<void> | null = null;
  #isFailing = false;
  #isStopped = false;

  constructor(options: LiveBeatsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.beat(), INTERVAL_MS);
    void this.beat();
  }

  /** Never rejects. While one is on its way there is no other: the next regular one says what this would have said. */
  beat(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    this.#beating ??= this.#send().finally(() => {
      this.#beating = null;
    });
    return this.#beating;
  }

  /** The last beat is through, then says goodbye. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#beating;
    const { registry, compose, log } = this.#options;
    await registry.removeLive(compose()).catch((error) => log.warn("node.goodbye_failed", { error }));
  }

  async #send(): Promise<void> {
    const { registry, compose, metrics, log } = this.#options;
    try {
      await registry.beatLive(compose());
      if (this.#isFailing) log.info("heartbeat.resumed");
      this.#isFailing = false;
    } catch (error) {
      metrics.count("heartbeat.failed");
      if (!this.#isFailing) log.warn("heartbeat.failed", { error });
      this.#isFailing = true;
    }
  }
}
