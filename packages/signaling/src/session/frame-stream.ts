import { type ErrorCode, FairleadError, positionAfter, toErrorBody } from "@fairlead/protocol";
import type { ClientChannel } from "./client-channel.ts";
import { frameText } from "./frame-text.ts";
import type { SentFrame } from "./link-sink.ts";

/** Handed over at once, in UTF-16 units, or one message: the runtime holds it until the client has taken it. */
const CHUNK_LENGTH = 65_536;

/**
 * The client's end of a connection as server-sent events: one frame is one message. Frames of events carry the last one's
 * position as id, which the client gives back as `Last-Event-ID` (HTML Standard § 9.2).
 */
export class FrameStream implements ClientChannel {
  readonly isOneWay = true;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The first frame; null when nobody reads any more. */
  readonly first: Promise<SentFrame | null>;
  readonly #onFirst: (frame: SentFrame | null) => void;
  readonly #onCancelled: () => void;
  readonly #readWithinMs: number;
  /** Runs from the end until the reader has taken the rest. */
  #readDeadline: ReturnType<typeof setTimeout> | undefined;
  #controller: ReadableStreamDefaultController | undefined;
  #state: "open" | "ending" | "over" = "open";
  /** Messages that the reader has not taken yet. */
  #waiting: string[] = [];
  #waitingLength = 0;
  #wake = () => {};

  /**
   * @param onCancelled Called when the reader has gone.
   * @param readWithinMs How long the reader has to take the rest after the end; then the body fails, which closes its connection.
   */
  constructor(onCancelled: () => void, readWithinMs: number) {
    const { promise, resolve } = Promise.withResolvers<SentFrame | null>();
    this.first = promise;
    this.#onFirst = resolve;
    this.#onCancelled = onCancelled;
    this.#readWithinMs = readWithinMs;
    const source = {
      start: (controller: ReadableStreamDefaultController) => {
        this.#controller = controller;
      },
      pull: (controller: ReadableStreamDefaultController) => this.#pull(controller),
      cancel: () => this.cancel(),
    };
    // Nothing is taken before somebody reads, so that `bufferedBytes` is all that waits in this process.
    this.body = new ReadableStream(source, { highWaterMark: 0 });
  }

  send(frame: SentFrame): void {
    this.#push(toMessage(frame));
    this.#onFirst(frame);
  }

  /** Frames that wait are handed over before the end, unless the client reads too slowly: it could hold them as long as it likes. */
  close(_code: number, reason: ErrorCode): void {
    if (reason === "slow_reader") {
      this.#forget();
      this.#push(toMessage({ type: "error", error: toErrorBody(new FairleadError(reason)) }));
    }
    if (this.#state === "open") {
      this.#state = "ending";
      this.#readDeadline = setTimeout(() => this.#giveUp(), this.#readWithinMs);
    }
    this.#wake();
  }

  /** In UTF-16 units: what is sent is ASCII, but for the app's own words. */
  bufferedBytes(): number {
    return this.#waitingLength;
  }

  /** The reader has gone. Idempotent. */
  cancel(): void {
    if (this.#state === "over") return;
    this.#end();
    this.#forget();
    this.#onFirst(null);
    this.#wake();
    this.#onCancelled();
  }

  async #pull(controller: ReadableStreamDefaultController): Promise<void> {
    if (this.#waiting.length === 0 && this.#state === "open")
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#state === "over") return;
    const text = this.#take();
    if (text !== "") controller.enqueue(new TextEncoder().encode(text));
    if (this.#state !== "ending" || this.#waiting.length > 0) return;
    this.#end();
    controller.close();
  }

  /** Nobody has taken the rest: the connection would stay for as long as the other end likes. */
  #giveUp(): void {
    this.#end();
    this.#forget();
    this.#controller?.error(new Error("nobody read this stream to its end"));
  }

  #end(): void {
    this.#state = "over";
    clearTimeout(this.#readDeadline);
  }

  #push(message: string): void {
    if (this.#state !== "open") return;
    this.#waiting.push(message);
    this.#waitingLength += message.length;
    this.#wake();
  }

  #take(): string {
    let text = "";
    let count = 0;
    for (const message of this.#waiting) {
      if (count > 0 && text.length + message.length > CHUNK_LENGTH) break;
      text += message;
      count += 1;
    }
    this.#waiting.splice(0, count);
    this.#waitingLength -= text.length;
    return text;
  }

  #forget(): void {
    this.#waiting = [];
    this.#waitingLength = 0;
  }
}

/** Of the last event in a frame. */
function lastPosition(frame: SentFrame): string | null {
  if (frame.type === "event") return frame.position;
  return frame.type === "events" ? positionAfter(frame.position, frame.items.length - 1) : null;
}

function toMessage(frame: SentFrame): string {
  const last = lastPosition(frame);
  const id = last === null ? "" : `id: ${last}\n`;
  return `${id}data: ${frameText(frame)}\n\n`;
}
