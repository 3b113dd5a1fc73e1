import { BATCH_LIMIT, type CommandReply, FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { SendCommand } from "../connection/session.ts";
import { pause } from "../pause.ts";

/** A peer that does not hear this channel after this time is waited for no more. */
const PEER_PATIENCE_MS = 5_000;
/** The longest that a message is on its way to the node. */
const MESSAGE_PATIENCE_MS = 10_000;
/** As many bytes as a browser holds, too. */
const HELD_LIMIT_BYTES = 16_777_216;
/** Between two questions about messages that follow each other. */
const PACE_MS = 100;

export type Payload = string | Uint8Array<ArrayBuffer>;

export type Outgoing = {
  payload: Payload;
  bytes: number;
  /** The peers that were in the room at the call. */
  targets: ReadonlySet<string>;
};

type Message = Outgoing & {
  /** Those of them that may not have got it. */
  missed: Set<string>;
  /** Of the channel; 0 while it is held. */
  sequence: number;
  sentAtMs: number;
  resolve: () => void;
  reject: (error: FairleadError) => void;
};

export type ReliableChannelOptions = {
  producer: types.DataProducer;
  command: SendCommand;
  /** The other peers as they are now. */
  peers: ReadonlyMap<string, { joinedAtMs: number }>;
};

/**
 * Messages of one label, in order. Each is held until all who were in the room at its call hear the channel, and settled once the node
 * has passed it on to them.
 */
export class ReliableChannel {
  readonly #options: ReliableChannelOptions;
  readonly #held: Message[] = [];
  readonly #sent: Message[] = [];
  /** Peers that hear it, as the node last told. */
  readonly #hearing = new Set<string>();
  /** By peer: since when it is waited for. */
  readonly #awaitedSinceMs = new Map<string, number>();
  #heldBytes = 0;
  #sequence = 0;
  #isAsking = false;

  constructor(options: ReliableChannelOptions) {
    this.#options = options;
    options.producer.observer.once("close", () => this.#fail(channelClosed()));
  }

  /** Bytes that are held. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** @throws {FairleadError} `data_buffer_full`, `data_undelivered`, `room_moved`; the code of the session's end. */
  send(outgoing: Outgoing): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#heldBytes > HELD_LIMIT_BYTES) throw new FairleadError("data_buffer_full");
      this.#held.push({ ...outgoing, missed: new Set(), sequence: 0, sentAtMs: 0, resolve, reject });
      this.#heldBytes += outgoing.bytes;
      this.#release();
      void this.#ask();
    });
  }

  /** Sends what waits for nobody any more, in order. */
  #release(): void {
    for (let [message] = this.#held; message && !this.#isAwaited(message); [message] = this.#held) {
      this.#held.shift();
      this.#heldBytes -= message.bytes;
      try {
        sendBy(this.#options.producer, message.payload);
        this.#handleSent(message);
      } catch (error) {
        message.reject(error as FairleadError);
      }
    }
  }

  #handleSent(message: Message): void {
    this.#sequence += 1;
    message.sequence = this.#sequence;
    message.sentAtMs = performance.now();
    for (const id of message.targets) if (!this.#hearing.has(id)) message.missed.add(id);
    this.#sent.push(message);
  }

  #isAwaited({ targets }: Message): boolean {
    const nowMs = performance.now();
    const isAwaited = (id: string) => {
      if (this.#hearing.has(id) || !this.#options.peers.has(id)) return false;
      const sinceMs = this.#awaitedSinceMs.get(id) ?? nowMs;
      this.#awaitedSinceMs.set(id, sinceMs);
      return nowMs - sinceMs < PEER_PATIENCE_MS;
    };
    // Of all of them the time begins now.
    return [...targets].filter(isAwaited).length > 0;
  }

  /** Asks the node until every message is settled: one question at a time, however many they are. */
  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      for (let newest = this.#newest(); newest; newest = this.#newest()) {
        const answer = await this.#askOnce(newest);
        const before = this.#sequence;
        this.#handleAnswer(newest.targets, answer);
        if (this.#sent.length > 0 && this.#sequence === before) await pause(PACE_MS);
      }
    } catch (error) {
      this.#fail(error as FairleadError);
    } finally {
      this.#isAsking = false;
    }
  }

  #newest(): Message | undefined {
    return this.#held.at(-1) ?? this.#sent.at(-1);
  }

  async #askOnce({ targets }: Message): Promise<CommandReply<"data_producer.await">> {
    const { command, peers, producer } = this.#options;
    const joined = [...targets].map((id) => peers.get(id)?.joinedAtMs ?? 0);
    const messages = this.#sequence;
    try {
      return await command("data_producer.await", {
        dataProducerId: producer.id,
        messages,
        isHeld: this.#held.length > 0,
        joinedBeforeMs: Math.max(0, ...joined),
      });
    } catch (error) {
      // The session goes on over older signaling: as there, nobody tells how far messages come.
      if ((error as FairleadError).code !== "unknown_command") throw error;
      return { messages, waiting: [], missed: [] };
    }
  }

  #handleAnswer(asked: ReadonlySet<string>, answer: CommandReply<"data_producer.await">): void {
    const { messages, waiting, missed } = answer;
    const isCut = waiting.length === BATCH_LIMIT || missed.length === BATCH_LIMIT;
    for (const message of this.#sent)
      for (const id of isCut ? message.targets : [...waiting, ...missed])
        if (message.targets.has(id)) message.missed.add(id);
    for (const id of waiting.length < BATCH_LIMIT ? asked : []) this.#hearing.add(id);
    for (const id of this.#hearing)
      if (waiting.includes(id) || !this.#options.peers.has(id)) this.#hearing.delete(id);
    for (const id of this.#awaitedSinceMs.keys())
      if (this.#hearing.has(id) || !this.#options.peers.has(id)) this.#awaitedSinceMs.delete(id);
    this.#settle(messages);
    this.#release();
  }

  /** @param received How many messages the node has had. */
  #settle(received: number): void {
    const isLate = ({ sentAtMs }: Message) => performance.now() - sentAtMs > MESSAGE_PATIENCE_MS;
    for (let [message] = this.#sent; message; [message] = this.#sent) {
      const hasArrived = message.sequence <= received;
      if (!hasArrived && !isLate(message)) return;
      this.#sent.shift();
      const without = [...(hasArrived ? message.missed : message.targets)];
      const peerIds = without.filter((id) => this.#options.peers.has(id));
      if (peerIds.length === 0) message.resolve();
      else message.reject(undelivered(peerIds));
    }
  }

  #fail(error: FairleadError): void {
    this.#heldBytes = 0;
    for (const message of [...this.#sent.splice(0), ...this.#held.splice(0)]) message.reject(error);
  }
}

export function channelClosed(): FairleadError {
  return new FairleadError("room_moved", { message: "the data channel closed" });
}

/** @throws {FairleadError} `data_buffer_full`, `room_moved`. */
export function sendBy(producer: types.DataProducer, payload: Payload): void {
  try {
    producer.send(payload);
  } catch (cause) {
    const isOpen = !producer.closed && producer.readyState === "open";
    throw isOpen ? new FairleadError("data_buffer_full", { cause }) : channelClosed();
  }
}

export function undelivered(peerIds: string[]): FairleadError {
  const message = `data: ${peerIds.length} of the peers may not have got it`;
  return new FairleadError("data_undelivered", { message, detail: { peerIds } });
}
