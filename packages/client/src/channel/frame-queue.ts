import { BATCH_LIMIT, type ClientFrameInput, SESSION_BODY_LIMIT_BYTES } from "@fairlead/protocol";

/** A frame that a client sends within a session. */
export type SessionFrame = Extract<ClientFrameInput, { type: "command" | "ack" | "ping" }>;

/** Room for the JSON around the frames. */
const BRACKETS_BYTES = 64;

/** Frames that wait for the next request, in order. A newer frame replaces one that it supersedes, so the queue stays small. */
export class FrameQueue {
  #frames: SessionFrame[] = [];

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  add(frame: SessionFrame): void {
    const index = this.#frames.findIndex((other) => isSuperseded(other, frame));
    const before = this.#frames[index];
    if (before) this.#frames[index] = merge(before, frame);
    else this.#frames.push(frame);
  }

  /** @returns The body of the next request (`SessionFrames`): as many frames as fit, at least one. */
  takeBody(): string {
    const encoder = new TextEncoder();
    const taken: string[] = [];
    let bytes = BRACKETS_BYTES;
    for (const frame of this.#frames.slice(0, BATCH_LIMIT)) {
      const text = JSON.stringify(frame);
      bytes += encoder.encode(text).length + 1;
      if (taken.length > 0 && bytes > SESSION_BODY_LIMIT_BYTES) break;
      taken.push(text);
    }
    this.#frames.splice(0, taken.length);
    return `{"frames":[${taken.join()}]}`;
  }
}

function isSuperseded(a: SessionFrame, b: SessionFrame): boolean {
  return a.type === "command" ? b.type === "command" && a.id === b.id : a.type === b.type;
}

/** A request to resend events stays in force while the position has not moved on. */
function merge(before: SessionFrame, frame: SessionFrame): SessionFrame {
  if (before.type !== "ack" || frame.type !== "ack" || before.position !== frame.position) return frame;
  return { ...frame, resend: before.resend || frame.resend };
}
