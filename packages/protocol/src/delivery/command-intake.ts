import { COMMAND_WINDOW, type CommandEnvelope } from "../commands.ts";
import { type ErrorCode, FairleadError } from "../errors.ts";

/** `start` is null once it was called; `drop` refuses a command that will never start. */
type Slot<R> = { reply: Promise<R>; start: (() => void) | null; drop: () => void };

/**
 * The node's end of a session's commands: starts each command once, in the order of their ids, whatever the bus loses,
 * doubles or reorders; a repeated id gets the first one's reply.
 *
 * A command that arrives before one with a lower id waits for that one, which the client sends again until it has an
 * answer or gives it up (`settledBelow` then passes it).
 */
export class CommandIntake<R> {
  readonly #act: (command: CommandEnvelope) => Promise<R>;
  /** Everything below is settled: never acted on again. */
  #settledBelow = 1;
  /** The next id to start. */
  #next = 1;
  readonly #slots = new Map<number, Slot<R>>();

  /** @param act Acts on a command and makes its reply. It must not throw for a refusal that is a reply. */
  constructor(act: (command: CommandEnvelope) => Promise<R>) {
    this.#act = act;
  }

  /** Replies kept and commands held. */
  get size(): number {
    return this.#slots.size;
  }

  /**
   * @returns The reply of the first command with this id.
   * @throws {FairleadError} `command_stale` below what is settled, or once it is given up while it waits; `command_window_exceeded` too far ahead.
   */
  receive(command: CommandEnvelope): Promise<R> {
    this.#settle(Math.min(command.settledBelow, command.id));
    if (command.id < this.#settledBelow) return refuse("command_stale");
    if (command.id >= this.#settledBelow + COMMAND_WINDOW) return refuse("command_window_exceeded");
    const slot = this.#slots.get(command.id) ?? this.#admit(command);
    this.#startReady();
    return slot.reply;
  }

  #admit(command: CommandEnvelope): Slot<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const slot: Slot<R> = {
      reply: promise,
      start: () => void this.#act(command).then(resolve, reject),
      drop: () => reject(new FairleadError("command_stale")),
    };
    promise.catch(() => {});
    this.#slots.set(command.id, slot);
    return slot;
  }

  #settle(below: number): void {
    if (below <= this.#settledBelow) return;
    for (const [id, slot] of this.#slots) {
      if (id >= below) continue;
      this.#slots.delete(id);
      // A held command that its client has given up is never started; its sender gets an error if it still waits.
      if (slot.start) slot.drop();
    }
    this.#settledBelow = below;
    this.#next = Math.max(this.#next, below);
  }

  #startReady(): void {
    for (let slot = this.#slots.get(this.#next); slot; slot = this.#slots.get(this.#next)) {
      this.#next += 1;
      slot.start?.();
      slot.start = null;
    }
  }
}

function refuse(code: ErrorCode): Promise<never> {
  return Promise.reject(new FairleadError(code));
}
