import type { Heartbeat } from "@fairlead/protocol";
import type { HeartbeatReply, Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { Beat } from "./revalidation.ts";

export type HeartbeatsOptions = {
  registry: Registry;
  /** What the node says of itself now. */
  compose: () => Heartbeat;
  log: Logger;
  now: () => number;
  onAnswer: (beat: Heartbeat, sentMs: number, reply: HeartbeatReply) => void;
  /** After each beat, answered or not; after `onAnswer`. */
  onBeat: (beat: Beat) => void;
};

/** On its way a beat loses some ms; a clock that is behind by more was set, or another was. */
const CLOCK_TOLERANCE_MS = 2_000;

/** Tells the registry what this node has and how loaded it is, one beat at a time. */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  #beating: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #isStopped = false;
  #isClockBehind = false;
  /** The first beat was sent: from then on a change may be told at once. */
  isStarted = false;
  /** The last beat was not answered. */
  isFailing = false;
  /** How many have come to their end, answered or not. */
  count = 0;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  /** Resolves when a beat that was sent after this call is through, answered or not. Never rejects. */
  beat(): Promise<void> {
    if (this.#next) return this.#next;
    if (!this.#beating) return this.#start();
    this.#next = this.#beating.then(() => {
      this.#next = null;
      return this.#start();
    });
    return this.#next;
  }

  /** None is sent from now on; resolves when the last one is through, so that none overtakes a goodbye. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#beating;
  }

  #start(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    this.isStarted = true;
    this.#beating = this.#send().finally(() => {
      this.#beating = null;
    });
    return this.#beating;
  }

  async #send(): Promise<void> {
    const { registry, compose, log, now, onAnswer, onBeat } = this.#options;
    const sentMs = now();
    try {
      const beat = compose();
      const reply = await registry.heartbeat(beat);
      onAnswer(beat, sentMs, reply);
      this.#noteClock(reply);
      if (this.isFailing) log.info("heartbeat.resumed");
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) log.warn("heartbeat.failed", { error });
      this.isFailing = true;
    }
    this.count += 1;
    onBeat({ sentMs, isAnswered: !this.isFailing });
  }

  #noteClock({ behindMs }: HeartbeatReply): void {
    const isBehind = behindMs > CLOCK_TOLERANCE_MS;
    if (isBehind === this.#isClockBehind) return;
    this.#isClockBehind = isBehind;
    const { log } = this.#options;
    if (isBehind) log.warn("registry.clock_behind", { behindMs });
    else log.info("registry.clock_caught_up", { behindMs });
  }
}
