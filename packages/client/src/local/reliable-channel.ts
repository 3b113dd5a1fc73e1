import { BATCH_LIMIT, type CommandReply, type ErrorCode, FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { SendCommand } from "../connection/session.ts";
import { pause } from "../pause.ts";

/** A peer that has held messages up for so long is waited for no more. */
const PEER_PATIENCE_MS = 5_000;
/** The longest that messages are on their way to the node while none of them gets any further. */
const MESSAGE_PATIENCE_MS = 10_000;
/** As many bytes as a browser holds, too. */
const HELD_LIMIT_BYTES = 16_777_216;
/** Between two questions about messages that follow each other. */
const PACE_MS = 100;
/** The session goes on after these, and a later question may be answered. */
const PASSING: readonly ErrorCode[] = ["command_window_exceeded", "node_timeout"];

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
  peers: ReadonlyMap<string, { identity: string; joinedAtMs: number }>;
  /** Whether the node knows that peer: of one that it does not know, it tells nothing. */
  isAtNode: (peerId: string) => boolean;
};

type Answer = CommandReply<"data_producer.await">;

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
  /** The peers of all messages that are not settled. */
  readonly #addressed = new Set<string>();
  /** By identity, until it hears: the peer that was waited for last, and how long the identity has held messages up by then. */
  readonly #waits = new Map<string, { peerId: string; atMs: number; spentMs: number }>();
  #heldBytes = 0;
  #sequence = 0;
  /** Messages that the node has had. */
  #received = 0;
  /** Bytes that the browser would hold if it had sent none since the last look. */
  #bufferedBytes = 0;
  #progressAtMs = 0;
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
      for (const id of outgoing.targets) this.#addressed.add(id);
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
    this.#bufferedBytes += message.bytes;
    for (const id of message.targets) if (!this.#hearing.has(id)) message.missed.add(id);
    this.#sent.push(message);
  }

  #isAwaited({ targets }: Message): boolean {
    // Of all of them the time begins now.
    return [...targets].filter((id) => this.#isPeerAwaited(id)).length > 0;
  }

  /** The patience is for an identity: one that joins again and again does not hold messages up each time. */
  #isPeerAwaited(peerId: string): boolean {
    const identity = this.#options.peers.get(peerId)?.identity;
    if (identity === undefined || this.#hearing.has(peerId)) return false;
    const atMs = performance.now();
    const last = this.#waits.get(identity) ?? { peerId, atMs, spentMs: 0 };
    const spentMs = last.spentMs + (last.peerId === peerId ? atMs - last.atMs : 0);
    this.#waits.set(identity, { peerId, atMs, spentMs });
    return spentMs < PEER_PATIENCE_MS;
  }

  /** Asks the node until every message is settled: one question at a time, however many they are. */
  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      while (this.#isUnsettled) {
        const asked = [...this.#addressed].filter(this.#options.isAtNode);
        const answer = await this.#askOnce(asked);
        const before = this.#sequence;
        if (answer) this.#handleAnswer(asked, answer);
        this.#release();
        if (this.#isUnsettled && this.#sequence === before) await pause(PACE_MS);
      }
    } catch (error) {
      this.#fail(error as FairleadError);
    } finally {
      this.#isAsking = false;
      this.#addressed.clear();
    }
  }

  get #isUnsettled(): boolean {
    return this.#held.length + this.#sent.length > 0;
  }

  /** @returns undefined if this question found no answer. */
  async #askOnce(asked: readonly string[]): Promise<Answer | undefined> {
    const { command, peers, producer } = this.#options;
    const joined = asked.map((id) => peers.get(id)?.joinedAtMs ?? 0);
    const messages = this.#sequence;
    try {
      return await command("data_producer.await", {
        dataProducerId: producer.id,
        messages,
        isHeld: this.#held.length > 0,
        joinedBeforeMs: Math.max(0, ...joined),
      });
    } catch (error) {
      const { code } = error as FairleadError;
      if (PASSING.includes(code)) return undefined;
      // The session goes on over older signaling: as there, nobody tells how far messages come.
      if (code !== "unknown_command") throw error;
      return { messages, waiting: [], missed: [] };
    }
  }

  #handleAnswer(asked: readonly string[], { messages, waiting, missed }: Answer): void {
    const isCut = waiting.length === BATCH_LIMIT || missed.length === BATCH_LIMIT;
    for (const message of this.#sent)
      for (const id of isCut ? message.targets : [...waiting, ...missed])
        if (message.targets.has(id)) message.missed.add(id);
    for (const id of waiting.length < BATCH_LIMIT ? asked : []) this.#hearing.add(id);
    for (const id of this.#hearing) {
      const peer = this.#options.peers.get(id);
      if (waiting.includes(id) || !peer) this.#hearing.delete(id);
      else this.#waits.delete(peer.identity);
    }
    this.#noteProgress(messages);
    this.#settle();
  }

  #noteProgress(received: number): void {
    const { bufferedAmount } = this.#options.producer;
    if (received > this.#received || bufferedAmount < this.#bufferedBytes)
      this.#progressAtMs = performance.now();
    this.#received = received;
    this.#bufferedBytes = bufferedAmount;
  }

  #settle(): void {
    const nowMs = performance.now();
    const isLate = ({ sentAtMs }: Message) =>
      nowMs - Math.max(sentAtMs, this.#progressAtMs) > MESSAGE_PATIENCE_MS;
    for (let [message] = this.#sent; message; [message] = this.#sent) {
      const hasArrived = message.sequence <= this.#received;
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
