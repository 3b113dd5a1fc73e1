import { COMMAND_WINDOW, type CommandEnvelope } from "../commands.ts";
import { FairleadError } from "../errors.ts";
import type { ReplyFrame } from "../frames.ts";

type Pending = {
  name: string;
  data: unknown;
  resolve: (data: unknown) => void;
  reject: (error: FairleadError) => void;
};

/**
 * The client's end of a session's commands: numbers them, and keeps each until it is answered or given up, so that it can
 * be sent again after a lost socket. The node makes sure that it acts once.
 */
export class CommandOutbox {
  #nextId = 1;
  readonly #pending = new Map<number, Pending>();

  get size(): number {
    return this.#pending.size;
  }

  /**
   * @returns The command to send now, and the promise of its reply's data.
   * @throws {FairleadError} `command_window_exceeded` with too many unanswered; the promise rejects with the node's refusal.
   */
  add(name: string, data: unknown): { id: number; reply: Promise<unknown> } {
    if (this.#nextId >= this.#settledBelow() + COMMAND_WINDOW)
      throw new FairleadError("command_window_exceeded");
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { name, data, resolve, reject });
    return { id, reply: promise };
  }

  /** @returns What to send for `id`, undefined once it is settled. */
  envelope(id: number): CommandEnvelope | undefined {
    const pending = this.#pending.get(id);
    return pending && { id, settledBelow: this.#settledBelow(), name: pending.name, data: pending.data };
  }

  /** @returns Every unanswered command, in order: to be sent again on a new socket. */
  unanswered(): CommandEnvelope[] {
    return [...this.#pending.keys()].flatMap((id) => this.envelope(id) ?? []);
  }

  /** A reply that nobody waits for (doubled, or given up) changes nothing. */
  settle(reply: ReplyFrame): void {
    const pending = this.#take(reply.id);
    if (!pending) return;
    if (reply.ok) pending.resolve(reply.data);
    else pending.reject(new FairleadError(reply.error.code, reply.error));
  }

  giveUp(id: number, error: FairleadError): void {
    this.#take(id)?.reject(error);
  }

  /** The session is over: nothing here will be answered. */
  giveUpAll(error: FairleadError): void {
    for (const id of [...this.#pending.keys()]) this.giveUp(id, error);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  /** Ids are added in order, so the first pending one is the lowest. */
  #settledBelow(): number {
    return this.#pending.keys().next().value ?? this.#nextId;
  }
}
