import type { Heartbeat } from "@fairlead/protocol";
import type { HeartbeatReply, Registry } from "@fairlead/registry";
import type { Logger, Metrics } from "@fairlead/telemetry";
import type { Beat } from "./revalidation.ts";

export type HeartbeatsOptions = {
  registry: Registry;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  /** 0..1; default: by chance. */
  random?: () => number;
};

export type BeatParts = {
  /** Makes the heartbeat that is sent now. */
  compose: () => Heartbeat;
  /** @returns Whether the registry has told all that it knows of this node's leases. */
  onAnswer: (beat: Heartbeat, sentMs: number, reply: HeartbeatReply) => boolean;
  /** Instead, if a beat that was sent later has been answered before. */
  onOldAnswer: (reply: HeartbeatReply) => void;
  /**
   * After each beat, answered or not; after `onAnswer`. Not after one whose answer was that the registry means other rooms than the node:
   * only those that follow, which name them, can say which are lost.
   */
  onBeat: (beat: Beat) => void;
};

/** On its way a beat loses some ms; a clock that is behind by more was set, or another was. */
const CLOCK_TOLERANCE_MS = 2_000;

/** While the registry takes too long the regular beats grow rarer, up to this; not so rare that a registry that is back misses the node. */
const PAUSE_MS = { first: 500, longest: 1_500 };
/** Until the registry has said how often. */
const INTERVAL_MS = 500;
/** By so much of the interval a beat comes earlier or later, so that nodes that began together don't beat together. */
const SPREAD = 0.05;
/** A beat that failed earlier was refused: asking again costs the registry nothing. */
const TIMED_OUT_MS = 500;

/** Tells the registry what this node has and how loaded it is, one beat at a time. */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  #beating: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #parts: BeatParts | null = null;
  #isStopped = false;
  #isClockBehind = false;
  #sent = 0;
  /** The last of them that was answered. */
  #answered = 0;
  #regular: NodeJS.Timeout | undefined;
  #pauseMs = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** The first beat was sent: from then on a change may be told at once. */
  isStarted = false;
  /** The last beat was not answered. */
  isFailing = false;
  /** How often this node is to beat, as the registry last said. */
  intervalMs = INTERVAL_MS;
  /** How many have come to their end, answered or not. */
  count = 0;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  /** Called once: until then nothing is sent. */
  connect(parts: BeatParts): void {
    this.#parts = parts;
  }

  /** From now on there are regular beats, until `stop`. */
  beatRegularly(): void {
    const { now, random = Math.random } = this.#options;
    const dueMs = this.intervalMs * (1 + SPREAD * (2 * random() - 1));
    this.#regular = setTimeout(() => {
      // Not while the last one is under way, or the registry takes too long for them.
      if (!this.#beating && now() >= this.#pausedUntilMs) void this.beat();
      this.beatRegularly();
    }, dueMs);
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
    clearTimeout(this.#regular);
    await this.#beating;
  }

  #start(): Promise<void> {
    if (this.#isStopped || !this.#parts) return Promise.resolve();
    this.isStarted = true;
    this.#beating = this.#send(this.#parts).finally(() => {
      this.#beating = null;
    });
    return this.#beating;
  }

  async #send(parts: BeatParts): Promise<void> {
    const { registry, log, metrics, now } = this.#options;
    const sentMs = now();
    this.#sent += 1;
    const number = this.#sent;
    try {
      const beat = parts.compose();
      const note = (reply: HeartbeatReply) => {
        if (number < this.#answered) return parts.onOldAnswer(reply);
        this.#answered = number;
        this.#noteAnswer(parts, beat, sentMs, reply);
      };
      note(await registry.heartbeat(beat, note));
    } catch (error) {
      metrics.count("heartbeat.failed");
      if (!this.isFailing) log.warn("heartbeat.failed", { error });
      this.isFailing = true;
      if (now() - sentMs >= TIMED_OUT_MS) this.#backOff();
      parts.onBeat({ sentMs, isAnswered: false });
    } finally {
      this.count += 1;
    }
  }

  /** Perhaps late. */
  #noteAnswer({ onAnswer, onBeat }: BeatParts, beat: Heartbeat, sentMs: number, reply: HeartbeatReply): void {
    const { log } = this.#options;
    const isConclusive = onAnswer(beat, sentMs, reply);
    this.intervalMs = reply.intervalMs;
    this.#noteClock(reply);
    if (this.isFailing) log.info("heartbeat.resumed");
    this.isFailing = false;
    this.#pauseMs = 0;
    this.#pausedUntilMs = Number.NEGATIVE_INFINITY;
    if (isConclusive) onBeat({ sentMs, isAnswered: true });
  }

  /** Each node by another time: what overloads a registry must not come back all at once. */
  #backOff(): void {
    const { now, random = Math.random } = this.#options;
    this.#pauseMs = Math.min(PAUSE_MS.longest, Math.max(PAUSE_MS.first, 2 * this.#pauseMs));
    this.#pausedUntilMs = now() + this.#pauseMs * (0.5 + random() / 2);
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
