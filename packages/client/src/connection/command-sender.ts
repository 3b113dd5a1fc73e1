import {
  type CommandEnvelope,
  CommandOutbox,
  FairleadError,
  FRAME_LIMIT,
  type ReplyFrame,
} from "@fairlead/protocol";

const TICK_MS = 500;
/** The bus may have lost a command or its reply, so a command is sent again after this time on a live socket. */
export const RESEND_AFTER_MS = 3_000;
/** A command fails after this time without a reply. Time without a socket does not count. */
export const GIVE_UP_AFTER_MS = 15_000;
/** Limit of a command's data in UTF-16 units: leaves room in the frame for its name and numbers. */
const DATA_LIMIT = FRAME_LIMIT - 256;

/** Sends a session's commands until they are answered. The node executes each of them once. */
export class CommandSender {
  readonly #send: (command: CommandEnvelope) => void;
  readonly #outbox = new CommandOutbox();
  /** By command id: how long it has waited on live sockets, ms. */
  readonly #waitedMs = new Map<number, number>();
  #ticks: ReturnType<typeof setInterval> | undefined;
  #isLive = false;
  #ending: FairleadError | null = null;

  constructor(send: (command: CommandEnvelope) => void) {
    this.#send = send;
  }

  /**
   * @throws {FairleadError} The node's refusal; `node_timeout`; `command_window_exceeded`; `frame_too_large`; the error that
   * ended the session.
   */
  async request(name: string, data: unknown): Promise<unknown> {
    if (this.#ending) throw this.#ending;
    // Signaling would end the session because of such a frame.
    if (JSON.stringify({ data }).length > DATA_LIMIT) throw new FairleadError("frame_too_large");
    const { id, reply } = this.#outbox.add(name, data);
    this.#waitedMs.set(id, 0);
    this.#resend(id);
    return reply.finally(() => this.#waitedMs.delete(id));
  }

  get isWaiting(): boolean {
    return this.#outbox.size > 0;
  }

  handleReply(reply: ReplyFrame): void {
    this.#outbox.settle(reply);
  }

  /** A socket carries the session (again): sends the unanswered commands in order. */
  goLive(): void {
    this.goAway();
    if (this.#ending) return;
    this.#isLive = true;
    for (const command of this.#outbox.unanswered()) this.#send(command);
    this.#ticks = setInterval(() => this.#tick(), TICK_MS);
  }

  goAway(): void {
    this.#isLive = false;
    clearInterval(this.#ticks);
  }

  close(error: FairleadError): void {
    this.goAway();
    this.#ending ??= error;
    this.#outbox.giveUpAll(error);
  }

  #tick(): void {
    for (const [id, before] of this.#waitedMs) {
      const waitedMs = before + TICK_MS;
      this.#waitedMs.set(id, waitedMs);
      if (waitedMs >= GIVE_UP_AFTER_MS) this.#outbox.giveUp(id, new FairleadError("node_timeout"));
      else if (waitedMs % RESEND_AFTER_MS === 0) this.#resend(id);
    }
  }

  #resend(id: number): void {
    const command = this.#outbox.envelope(id);
    if (command && this.#isLive) this.#send(command);
  }
}
