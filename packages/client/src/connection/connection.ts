import {
  type ClientFrameInput,
  closeCode,
  errorCodeOfClose,
  FairleadError,
  fromErrorBody,
  type ServerFrame,
} from "@fairlead/protocol";
import type { ReconnectPolicy } from "../api/options.ts";
import { isPassing } from "./judge-refusal.ts";
import { Socket } from "./socket.ts";

/** A join or resume without an answer: the socket is tried anew. */
const INTRODUCTION_TIMEOUT_MS = 10_000;
/** A socket that lived this long was worth an immediate retry; one that did not may be part of a loop. */
const STABLE_AFTER_MS = 5_000;
/** Refusals that soon give way to something else leave the delays at those of this attempt. */
const SOON_ATTEMPT = 3;

type Timer = ReturnType<typeof setTimeout>;
type State =
  | { state: "idle" | "ended" }
  /** For the next try, on the socket that is still open, if one is. */
  | { state: "waiting"; timer: Timer; socket: Socket | null }
  | { state: "opening"; socket: Socket }
  | { state: "introducing"; timer: Timer; socket: Socket }
  | { state: "live"; sinceMs: number; socket: Socket };

export type ConnectionHandlers = {
  /** The first frame for a socket: join or resume. */
  introduce(): ClientFrameInput;
  live(frame: Extract<ServerFrame, { type: "joined" | "resumed" }>): void;
  frame(frame: ServerFrame): void;
  /** No longer live; tried again unless told otherwise. */
  away(): void;
  /** Answered by `introduce()`, `retry(error)` or `end(error)`. */
  refused(error: FairleadError): void;
  ended(error: FairleadError): void;
};

type ConnectionOptions = {
  url: string;
  policy: ReconnectPolicy;
  now: () => number;
  random: () => number;
  handlers: ConnectionHandlers;
};

/** Keeps one introduced socket, and makes a new one when it is lost. What frames mean is its owner's business. */
export class Connection {
  readonly #options: ConnectionOptions;
  #state: State = { state: "idle" };
  #attempt = 0;
  #awaySinceMs = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#awaySinceMs = this.#options.now();
    this.#open();
  }

  /** Only an introduced socket carries frames. */
  send(frame: ClientFrameInput): void {
    if (this.#state.state === "live") this.#state.socket.send(frame);
  }

  /** Says join or resume, on the open socket if there is one that will not close because of `refusal`. */
  introduce(refusal?: FairleadError): void {
    const socket = this.#keepOpen(refusal);
    // One that is still opening will be introduced when it is open.
    if (this.#state.state === "ended" || (this.#state.state === "opening" && socket && !socket.isOpen))
      return;
    this.#leaveState();
    if (socket?.isOpen) this.#introduceOn(socket);
    else this.#open();
  }

  #introduceOn(socket: Socket): void {
    const timer = setTimeout(() => this.#handleClosed(socket, 1006), INTRODUCTION_TIMEOUT_MS);
    this.#state = { state: "introducing", timer, socket };
    socket.send(this.#options.handlers.introduce());
  }

  /** Tries again as the policy says, or ends with `error` when it gives up. */
  retry(error: FairleadError): void {
    if (this.#state.state === "ended") return;
    const { policy, now, random } = this.#options;
    const socket = this.#keepOpen(error);
    this.#leaveState();
    // Media may well flow while signaling is cut off from the room: no reason to end a meeting.
    if (error.code === "bus_disconnected") this.#awaySinceMs = now();
    const delayMs = Math.max(policy.nextDelayMs(this.#nextAttempt(error), random), error.retryAfterMs ?? 0);
    if (now() + delayMs - this.#awaySinceMs > policy.giveUpAfterMs) {
      socket?.close();
      this.end(error);
    } else this.#state = { state: "waiting", socket, timer: setTimeout(() => this.introduce(), delayMs) };
  }

  #nextAttempt(error: FairleadError): number {
    const attempt = isPassing(error.code) ? Math.min(this.#attempt, SOON_ATTEMPT) : this.#attempt;
    this.#attempt = attempt + 1;
    return attempt;
  }

  /** @returns The present socket, unless it closes after this refusal. */
  #keepOpen(refusal: FairleadError | undefined): Socket | null {
    const socket = "socket" in this.#state ? this.#state.socket : null;
    if (!refusal || closeCode(refusal.code) === null) return socket;
    socket?.close();
    return null;
  }

  /** The network came back: no need to wait on. */
  hurry(): void {
    if (this.#state.state === "waiting") this.introduce();
  }

  end(error: FairleadError): void {
    if (this.#state.state === "ended") return;
    this.close();
    this.#options.handlers.ended(error);
  }

  /** Without a call of `ended`. */
  close(): void {
    const left = this.#state;
    this.#state = { state: "ended" };
    if ("timer" in left) clearTimeout(left.timer);
    if ("socket" in left) left.socket?.close();
  }

  #open(): void {
    const socket: Socket = new Socket(this.#options.url, {
      opened: () => this.introduce(),
      frame: (frame) => this.#handleFrame(socket, frame),
      closed: (closeCode) => this.#handleClosed(socket, closeCode),
    });
    this.#state = { state: "opening", socket };
  }

  #handleFrame(socket: Socket, frame: ServerFrame): void {
    const { handlers, now } = this.#options;
    if (frame.type === "error") this.#handleError(fromErrorBody(frame.error));
    else if (frame.type !== "joined" && frame.type !== "resumed") handlers.frame(frame);
    else if (this.#state.state === "introducing") {
      this.#leaveState();
      this.#state = { state: "live", sinceMs: now(), socket };
      handlers.live(frame);
    }
  }

  #handleError(error: FairleadError): void {
    const { state } = this.#state;
    // While waiting, the verdict on this socket is out already.
    if (state === "introducing" || state === "live") this.#options.handlers.refused(error);
  }

  #handleClosed(socket: Socket, closedWith: number): void {
    socket.close();
    const isCurrent = "socket" in this.#state && this.#state.socket === socket;
    if (!isCurrent) return;
    if (this.#state.state === "waiting") this.#state = { ...this.#state, socket: null };
    else {
      this.#leaveState();
      const code = errorCodeOfClose(closedWith);
      if (code) this.#options.handlers.refused(new FairleadError(code));
      else this.retry(new FairleadError("signaling_unreachable"));
    }
  }

  #leaveState(): void {
    const { handlers, now } = this.#options;
    const left = this.#state;
    this.#state = { state: "idle" };
    if ("timer" in left) clearTimeout(left.timer);
    if (left.state !== "live") return;
    this.#awaySinceMs = now();
    if (now() - left.sinceMs >= STABLE_AFTER_MS) this.#attempt = 0;
    handlers.away();
  }
}
