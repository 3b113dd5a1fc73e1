import type { IncomingMessage } from "../bus.ts";
import { subjectMatches } from "./subject-match.ts";

/** One subscription of one connection, while that connection is up. */
export type Subscriber = {
  subject: string;
  queue: string | undefined;
  handler: (message: IncomingMessage) => void;
};

/** Who listens to what, over all connections of one memory bus: what a server knows. */
export class MemoryExchange {
  /** Subscribers without wildcards by subject; most subscriptions, so delivery needs no search. */
  readonly #exact = new Map<string, Set<Subscriber>>();
  readonly #wildcard = new Set<Subscriber>();
  /** Whose turn it is, by queue: one count for all would give the same member every turn where two queues alternate. */
  readonly #turns = new Map<string, number>();
  readonly #onHandlerError: (error: unknown, subject: string) => void;

  constructor(onHandlerError: (error: unknown, subject: string) => void) {
    this.#onHandlerError = onHandlerError;
  }

  add(subscriber: Subscriber): void {
    if (/[*>]/.test(subscriber.subject)) {
      this.#wildcard.add(subscriber);
      return;
    }
    const group = this.#exact.get(subscriber.subject) ?? new Set();
    this.#exact.set(subscriber.subject, group.add(subscriber));
  }

  remove(subscriber: Subscriber): void {
    this.#wildcard.delete(subscriber);
    const group = this.#exact.get(subscriber.subject);
    group?.delete(subscriber);
    if (group?.size === 0) this.#exact.delete(subscriber.subject);
  }

  /** All who listen to it, and of each queue group the one whose turn it is. */
  receiversOf(subject: string): Subscriber[] {
    const matching = [
      ...(this.#exact.get(subject) ?? []),
      ...[...this.#wildcard].filter((subscriber) => subjectMatches(subscriber.subject, subject)),
    ];
    const queues = Map.groupBy(matching, (subscriber) => subscriber.queue);
    return [...queues].flatMap(([queue, members]) =>
      queue === undefined ? members : this.#oneOf(queue, members),
    );
  }

  /** Later, in a microtask, and to each a copy of its own. Who has left meanwhile gets nothing. */
  deliver(receivers: readonly Subscriber[], message: IncomingMessage): void {
    for (const receiver of receivers) queueMicrotask(() => this.#hand(receiver, message));
  }

  report(error: unknown, subject: string): void {
    this.#onHandlerError(error, subject);
  }

  #hand(receiver: Subscriber, message: IncomingMessage): void {
    if (!this.#has(receiver)) return;
    try {
      receiver.handler({ ...message, data: new Uint8Array(message.data), headers: { ...message.headers } });
    } catch (error) {
      this.report(error, message.subject);
    }
  }

  #has(subscriber: Subscriber): boolean {
    return this.#wildcard.has(subscriber) || this.#exact.get(subscriber.subject)?.has(subscriber) === true;
  }

  #oneOf(queue: string, members: Subscriber[]): Subscriber[] {
    const turn = (this.#turns.get(queue) ?? 0) % members.length;
    this.#turns.set(queue, turn + 1);
    return members.slice(turn, turn + 1);
  }
}
