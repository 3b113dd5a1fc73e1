import type { LogFields, Logger } from "@fairlead/telemetry";

const QUIET_MS = 1_000;

/** A warning that clients can cause as often as they like: told once a second at most, with how many were left out. */
export class RareLine {
  readonly #event: string;
  readonly #now: () => number;
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  #leftOut = 0;

  /** @param now Milliseconds. */
  constructor(event: string, now: () => number) {
    this.#event = event;
    this.#now = now;
  }

  warn(log: Logger, fields: LogFields): void {
    const nowMs = this.#now();
    // A clock that was set back must not silence the line for as long.
    const isQuiet = nowMs < this.#quietUntilMs && this.#quietUntilMs - nowMs <= QUIET_MS;
    if (isQuiet) {
      this.#leftOut += 1;
      return;
    }
    log.warn(this.#event, { ...fields, leftOut: this.#leftOut });
    this.#quietUntilMs = nowMs + QUIET_MS;
    this.#leftOut = 0;
  }
}
