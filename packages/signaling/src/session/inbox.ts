import { decodeText, type IncomingMessage, type Subscription } from "@fairlead/bus";
import { type InboxMessage, parseInboxMessage, randomId, subjects } from "@fairlead/protocol";
import type { SignalingProcess } from "../signaling-process.ts";

/** A link that wants what comes for its session. Items are JSON. */
export type InboxListener = {
  hearEvents(connection: number, position: string, items: readonly string[]): void;
  hearTransient(connection: number, item: string): void;
};

/** Hears the events of all sessions of this process on one subject: a node sends what is the same for many of them once. */
export class Inbox {
  readonly #shared: Pick<SignalingProcess, "bus" | "log" | "random">;
  /** By session: two while a newer connection takes over. */
  readonly #listeners = new Map<string, Set<InboxListener>>();
  #id: string | null = null;
  #subscription: Subscription | null = null;

  constructor(shared: Pick<SignalingProcess, "bus" | "log" | "random">) {
    this.#shared = shared;
  }

  /** Not chosen before it is needed: some runtimes have no random numbers while they load. */
  get id(): string {
    this.#id ??= randomId(this.#shared.random);
    return this.#id;
  }

  /** @throws {FairleadError} `bus_disconnected`. */
  add(sessionId: string, listener: InboxListener): void {
    this.#subscription ??= this.#shared.bus.subscribe(subjects.inbox(this.id), (message) =>
      this.#hear(message),
    );
    const listeners = this.#listeners.get(sessionId) ?? new Set();
    this.#listeners.set(sessionId, listeners.add(listener));
  }

  /** Nothing happens to one that was not added. */
  delete(sessionId: string, listener: InboxListener): void {
    const listeners = this.#listeners.get(sessionId);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(sessionId);
    if (this.#listeners.size > 0) return;
    this.#subscription?.unsubscribe();
    this.#subscription = null;
  }

  #hear({ subject, data }: IncomingMessage): void {
    try {
      this.#deliver(parseInboxMessage(decodeText(data)));
    } catch (error) {
      this.#shared.log.error("inbox.message_invalid", { subject, error });
    }
  }

  #deliver({ header, items }: InboxMessage): void {
    if (header.type === "events") {
      for (const [sessionId, connection, position] of header.to)
        for (const listener of this.#listenersOf(sessionId)) listener.hearEvents(connection, position, items);
      return;
    }
    for (const [sessionId, connection] of header.to)
      for (const listener of this.#listenersOf(sessionId))
        listener.hearTransient(connection, items[0] ?? "null");
  }

  /** Those that are there now: one may end its link, or another's, by what it hears. */
  #listenersOf(sessionId: string): InboxListener[] {
    return [...(this.#listeners.get(sessionId) ?? [])];
  }
}
