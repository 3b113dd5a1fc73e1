import type { Duplex } from "node:stream";
import { FairleadError, STREAM_KEY_LIMIT } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import { type EncoderHost, IngestStream } from "../encoder/ingest-stream.ts";
import type { Places } from "../encoder/places.ts";
import type { OpenedIngest, OpenIngest } from "../ingest/open-ingest.ts";
import { GuardedSession, isMedia, type RtmpMessage } from "./guarded-session.ts";
import { refusalWords, WordedRefusal } from "./refusal-words.ts";
import { TrafficBounds } from "./traffic-bounds.ts";

export type ConnectionOptions = {
  /** TCP's, or TLS's over it. */
  socket: Duplex;
  /** The encoder's IP address. */
  address: string;
  open: OpenIngest;
  host: EncoderHost;
  publishers: Places;
  /** Nobody begins to publish. */
  isDraining: () => boolean;
  log: Logger;
  timeouts: ConnectionTimeouts;
};

export type ConnectionTimeouts = {
  /** From the connection to its `publish`. */
  publishMs: number;
  /** Without a message of media, once it publishes. */
  idleMs: number;
};

/** How long a refused encoder may take to read why. */
const LAST_WORDS_MS = 2_000;
/** Answers that nobody reads. */
const MOST_UNSENT_BYTES = 256 * 1024;

type State =
  | { state: "new" }
  | { state: "asking"; leave: () => void }
  | {
      state: "publishing";
      leave: () => void;
      opened: OpenedIngest;
      stream: IngestStream;
      traffic: TrafficBounds;
    }
  | { state: "closed" };

/** One encoder's connection, from its handshake to its end. Nothing that comes by it harms another. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #session: GuardedSession;
  readonly #log: Logger;
  #state: State = { state: "new" };
  #timer: NodeJS.Timeout;
  #heardAtMs: number;
  #streamGone: Promise<void> = Promise.resolve();

  constructor(options: ConnectionOptions) {
    const { socket, address, host, timeouts } = options;
    this.#options = options;
    this.#log = options.log.child({ address });
    this.#heardAtMs = host.now();
    this.#session = new GuardedSession({
      onPublish: (name) => void this.#publish(name),
      onPlay: () =>
        this.refuse(
          new WordedRefusal("not_acceptable", "This server does not play by RTMP: watch by WebRTC."),
        ),
      onBeginning: () => this.#traffic?.note({ messages: 1 }),
      onMessage: (message) => this.#onMessage(message),
      onUnpublish: () => this.#end("unpublished"),
      send: (bytes) => this.#send(bytes),
    });
    this.#timer = setTimeout(() => this.#end("timeout"), timeouts.publishMs);
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#end("closed");
      clearTimeout(this.#timer);
    });
    // Where a header of the PROXY protocol came first, it is paused.
    socket.resume();
  }

  get #stream(): IngestStream | null {
    return this.#state.state === "publishing" ? this.#state.stream : null;
  }

  get #traffic(): TrafficBounds | null {
    return this.#state.state === "publishing" ? this.#state.traffic : null;
  }

  get publisher(): { address: string; pid: number | undefined; isTranscoded: boolean } | null {
    const stream = this.#stream;
    const { address } = this.#options;
    return stream && { address, pid: stream.pid, isTranscoded: stream.isTranscoded };
  }

  /** Says why, gives the encoder time to read it, and closes. */
  refuse(error: unknown): void {
    if (this.#state.state === "closed") return;
    const { status, words } = refusalWords(error);
    const isBug = !(error instanceof FairleadError);
    this.#options.host.metrics.count("publisher.refused", isBug ? "internal" : error.code);
    this.#log[isBug ? "error" : "info"]("rtmp.refused", { status, words, ...(isBug ? { error } : {}) });
    this.#release(words);
    this.#session.refuse(status, words);
    // What still comes is read and dropped: closing over unread bytes would reset the connection, and our words with it.
    const { socket } = this.#options;
    socket.resume();
    socket.end();
    this.#timer = setTimeout(() => socket.destroy(), LAST_WORDS_MS);
  }

  /** Idempotent. @returns When its ffmpeg is gone. */
  close(): Promise<void> {
    this.#end("closed");
    return this.#streamGone;
  }

  #take(bytes: Buffer): void {
    if (this.#state.state === "closed") return;
    this.#options.host.metrics.count("publisher.bytes", undefined, bytes.length);
    try {
      this.#traffic?.note({ bytes: bytes.length });
      this.#session.take(bytes);
    } catch (error) {
      if (error instanceof WordedRefusal) this.refuse(error);
      else this.#end("garbage", error);
    }
  }

  #onMessage(message: RtmpMessage): void {
    if (isMedia(message)) this.#heardAtMs = this.#options.host.now();
    this.#stream?.take(message);
  }

  #send(bytes: Buffer): void {
    const { socket } = this.#options;
    if (!socket.writable) return;
    socket.write(bytes);
    if (socket.writableLength > MOST_UNSENT_BYTES) socket.destroy();
  }

  async #publish(name: string): Promise<void> {
    const leave = this.#state.state === "new" ? this.#options.publishers.enter() : undefined;
    if (leave === undefined) return this.#end("garbage", new Error("publish again"));
    const refusal = leave
      ? (this.#refusalOfNow() ?? refusalOfName(name))
      : new WordedRefusal("no_capacity", "This server takes no more streams. Try again in a moment.");
    if (refusal || !leave) {
      leave?.();
      return this.refuse(refusal);
    }
    const { socket, open, address } = this.#options;
    const asking: State = { state: "asking", leave };
    this.#state = asking;
    socket.pause();
    try {
      const opened = await open({ key: name, address });
      if (this.#state !== asking) return opened.close();
      const late = this.#refusalOfNow();
      if (!late) return this.#begin(opened, leave);
      opened.close();
      this.refuse(late);
    } catch (error) {
      this.refuse(error);
    }
  }

  #refusalOfNow(): WordedRefusal | null {
    return this.#options.isDraining()
      ? new WordedRefusal(
          "node_draining",
          "This server takes no more streams: it is being drained. Connect again.",
        )
      : null;
  }

  #begin(opened: OpenedIngest, leave: () => void): void {
    const { socket, host, timeouts } = this.#options;
    const onRefused = (error: unknown) => this.refuse(error);
    const stream = new IngestStream({ host, opened, log: this.#log, onRefused });
    const traffic = new TrafficBounds(host.limits.bitrateBps, host.now);
    this.#state = { state: "publishing", leave, opened, stream, traffic };
    this.#session.accept();
    clearTimeout(this.#timer);
    this.#heardAtMs = host.now();
    this.#timer = setInterval(() => {
      if (host.now() - this.#heardAtMs > timeouts.idleMs) this.#end("idle");
    }, timeouts.idleMs / 4);
    void opened.ended.then((words) => this.refuse(new WordedRefusal("media_rejected", words)));
    this.#log.info("rtmp.publishing");
    socket.resume();
  }

  #end(reason: string, error?: unknown): void {
    if (this.#state.state === "closed") return;
    const wasPublishing = this.#state.state === "publishing";
    const cause = error instanceof Error ? { error: error.message } : {};
    this.#log[wasPublishing ? "info" : "debug"]("rtmp.closed", { reason, ...cause });
    this.#release();
    this.#options.socket.destroy();
  }

  #release(refused?: string): void {
    clearTimeout(this.#timer);
    const before = this.#state;
    this.#state = { state: "closed" };
    if (before.state === "publishing") {
      this.#streamGone = before.stream.close();
      before.opened.close(refused);
    }
    if (before.state === "publishing" || before.state === "asking") before.leave();
  }
}

function refusalOfName(name: string): WordedRefusal | null {
  if (name === "")
    return new WordedRefusal(
      "stream_key_invalid",
      "No stream key: put it into the encoder's field for it, or at the end of the URL.",
    );
  return name.length > STREAM_KEY_LIMIT
    ? new WordedRefusal("stream_key_invalid", "This stream key is not valid: it is too long.")
    : null;
}
