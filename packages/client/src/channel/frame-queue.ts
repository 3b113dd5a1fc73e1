import { BATCH_LIMIT, type ClientFrameInput, SESSION_BODY_LIMIT_BYTES } from "@fairlead/protocol";

/** What a session sends once it is there. */
export type SessionFrame = Extract<ClientFrameInput, { type: "command" | "ack" | "ping" }>;

const BRACKETS_BYTES = 64;

/** Frames that wait for their request, in order. What a newer frame says better is replaced, so that it stays small. */
export class FrameQueue {
  #frames: SessionFrame[] = [];

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  add(frame: SessionFrame): void {
    const index = this.#frames.findIndex((other) => saysTheSame(other, frame));
    const before = this.#frames[index];
    if (before) this.#frames[index] = merge(before, frame);
    else this.#frames.push(frame);
  }

  /** @returns The body of the next request (`SessionFrames`): as many as one takes, at least one. */
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

function saysTheSame(a: SessionFrame, b: SessionFrame): boolean {
  return a.type === "command" ? b.type === "command" && a.id === b.id : a.type === b.type;
}

/** A wish to see events again is kept as long as it is about the same gap. */
function merge(before: SessionFrame, frame: SessionFrame): SessionFrame {
  if (before.type !== "ack" || frame.type !== "ack" || before.position !== frame.position) return frame;
  return { ...frame, resend: before.resend || frame.resend };
}
