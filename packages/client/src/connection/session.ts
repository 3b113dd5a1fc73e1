import {
  type ClientFrameInput,
  COMMANDS,
  type CommandInput,
  type CommandName,
  type CommandReply,
  type FairleadError,
  type JoinReply,
  type NumberedEvent,
  type Position,
  parse,
  type ReplyFrame,
  type RoomEvent,
} from "@fairlead/protocol";
import { CommandSender } from "./command-sender.ts";
import { EventReceiver } from "./event-receiver.ts";

export type SendCommand = <N extends CommandName>(name: N, data: CommandInput<N>) => Promise<CommandReply<N>>;

export type SessionOptions = {
  /** Milliseconds. */
  now: () => number;
  send(frame: ClientFrameInput): void;
  apply(event: RoomEvent): void;
};

/** Delivers one session's commands and events, from one `joined` to the next, over any number of sockets. */
export class Session {
  readonly joined: JoinReply;
  readonly #commands: CommandSender;
  readonly #events: EventReceiver;

  constructor(joined: JoinReply, { now, send, apply }: SessionOptions) {
    this.joined = joined;
    this.#commands = new CommandSender((command) => send({ type: "command", ...command }));
    this.#events = new EventReceiver(joined.position, {
      now,
      apply,
      acknowledge: (ack) => send({ type: "ack", ...ack }),
    });
  }

  /** The last event that was applied. */
  get position(): Position {
    return this.#events.position;
  }

  /** Whether any command is unanswered. */
  get isWaiting(): boolean {
    return this.#commands.isWaiting;
  }

  /** @throws {FairleadError} See `CommandSender.request`. */
  readonly command: SendCommand = async (name, data) =>
    parse(COMMANDS[name].reply, await this.#commands.request(name, data), "internal") as CommandReply<
      typeof name
    >;

  handleEvent(numbered: NumberedEvent): void {
    this.#events.receive(numbered);
  }

  handleReply(reply: ReplyFrame): void {
    this.#commands.handleReply(reply);
  }

  /** @param options.acksByPing The server takes acknowledgements from the positions in pings. */
  goLive({ acksByPing }: { acksByPing: boolean }): void {
    this.#commands.goLive();
    this.#events.goLive(acksByPing);
  }

  /** What a ping that is sent now acknowledges. */
  pingPosition(): Position | undefined {
    return this.#events.pingPosition();
  }

  goAway(): void {
    this.#commands.goAway();
    this.#events.goAway();
  }

  /** Unanswered commands fail with `error`. */
  close(error: FairleadError): void {
    this.goAway();
    this.#commands.close(error);
  }
}
