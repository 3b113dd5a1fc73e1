import type { IncomingMessage } from "../bus.ts";
import { SubjectTree } from "./subject-tree.ts";

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
  readonly #wildcards = new SubjectTree<Subscriber>();
  readonly #present = new Set<Subscriber>();
  /** Whose turn it is, by queue: one count for all would give the same member every turn where two queues alternate. */
  readonly #turns = new Map<string, number>();
  readonly #onHandlerError: (error: unknown, subject: string) => void;

  constructor(onHandlerError: (error: unknown, subject: string) => void) {
    this.#onHandlerError = onHandlerError;
  }

  add(subscriber: Subscriber): void {
    this.#present.add(subscriber);
    if (isPattern(subscriber.subject)) {
      this.#wildcards.add(subscriber.subject, subscriber);
      return;
    }
    const group = this.#exact.get(subscriber.subject) ?? new Set();
    this.#exact.set(subscriber.subject, group.add(subscriber));
  }

  remove(subscriber: Subscriber): void {
    this.#present.delete(subscriber);
    if (isPattern(subscriber.subject)) this.#wildcards.delete(subscriber.subject, subscriber);
    const group = this.#exact.get(subscriber.subject);
    group?.delete(subscriber);
    if (group?.size === 0) this.#exact.delete(subscriber.subject);
  }

  /** All who listen to it, and of each queue group the one whose turn it is. */
  receiversOf(subject: string): Subscriber[] {
    const matching = [...(this.#exact.get(subject) ?? []), ...this.#wildcards.matching(subject)];
    if (matching.every(({ queue }) => queue === undefined)) return matching;
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
    if (!this.#present.has(receiver)) return;
    try {
      receiver.handler({ ...message, data: new Uint8Array(message.data), headers: { ...message.headers } });
    } catch (error) {
      this.report(error, message.subject);
    }
  }

  #oneOf(queue: string, members: Subscriber[]): Subscriber[] {
    const turn = (this.#turns.get(queue) ?? 0) % members.length;
    this.#turns.set(queue, turn + 1);
    return members.slice(turn, turn + 1);
  }
}

function isPattern(subject: string): boolean {
  return subject.includes("*") || subject.includes(">");
}
