import { inBatches } from "@fairlead/protocol";
import { limitedForMs } from "../connection/ask-patiently.ts";

/** We wait this long before a pause: tiles scroll by, and apps attach elements anew. */
export const PAUSE_DELAY_MS = 1_000;

type FlowCommand = (
  name: "consumers.resume" | "consumers.pause",
  data: { consumerIds: string[] },
) => Promise<unknown>;
type Flow = { isWanted: boolean; isFlowing: boolean };

/**
 * Resumes consumers as they come, and pauses them while nobody sees them. Changes of one moment go out together, at most
 * `BATCH_LIMIT` in a command.
 */
export class ConsumerFlow {
  readonly #command: FlowCommand;
  readonly #flows = new Map<string, Flow>();
  #isResumeDue = false;
  #pauseTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(command: FlowCommand) {
    this.#command = command;
  }

  /** A consumer that the node has just created, paused. */
  add(consumerId: string, isWanted: boolean): void {
    this.#flows.set(consumerId, { isWanted, isFlowing: false });
    this.#scheduleResume();
  }

  setWanted(consumerId: string, isWanted: boolean): void {
    const flow = this.#flows.get(consumerId);
    if (!flow || flow.isWanted === isWanted) return;
    flow.isWanted = isWanted;
    if (isWanted) this.#scheduleResume();
    else this.#pauseTimer ??= setTimeout(() => this.#pause(), PAUSE_DELAY_MS);
  }

  remove(consumerId: string): void {
    this.#flows.delete(consumerId);
  }

  /** The session is over. */
  clear(): void {
    this.#flows.clear();
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = undefined;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
  }

  #scheduleResume(): void {
    if (this.#isResumeDue) return;
    this.#isResumeDue = true;
    queueMicrotask(() => {
      this.#isResumeDue = false;
      this.#apply("consumers.resume", true);
    });
  }

  #retry(): void {
    this.#retryTimer = undefined;
    this.#apply("consumers.resume", true);
  }

  #pause(): void {
    this.#pauseTimer = undefined;
    this.#apply("consumers.pause", false);
  }

  #apply(name: "consumers.resume" | "consumers.pause", isFlowing: boolean): void {
    const due = [...this.#flows].filter(
      ([, flow]) => flow.isWanted === isFlowing && flow.isFlowing !== isFlowing,
    );
    for (const [, flow] of due) flow.isFlowing = isFlowing;
    for (const batch of inBatches(due)) {
      this.#command(name, { consumerIds: batch.map(([id]) => id) }).catch((error) => {
        // The node did not do it: the next change of this consumer tries again, or the end of the wait that the node asks for.
        for (const [, flow] of batch) flow.isFlowing = !isFlowing;
        const waitMs = limitedForMs(error);
        if (waitMs !== undefined) this.#retryTimer ??= setTimeout(() => this.#retry(), waitMs);
      });
    }
  }
}
