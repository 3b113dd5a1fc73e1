import { type ErrorCode, FairleadError } from "@fairlead/protocol";

/** A refusal made here, in words for the person at the encoder. ffmpeg prints them, OBS writes them to its log. Below 200 characters. */
export class WordedRefusal extends FairleadError {
  constructor(code: ErrorCode, words: string) {
    super(code, { message: words });
    this.name = "WordedRefusal";
  }
}

const WORDS: Partial<Record<ErrorCode, string>> = {
  stream_key_invalid: "This stream key is not valid. Copy it again from where you created the broadcast.",
  broadcast_not_found: "This broadcast does not exist.",
  broadcast_ended: "This broadcast has ended.",
  publisher_active: "Another encoder is sending to this broadcast. Stop it first.",
  rate_limited: "Too many attempts. Wait a minute and try again.",
  hook_refused: "The operator's rules do not allow this broadcast now.",
  hook_unreachable: "The server could not ask whether this broadcast is allowed. Try again.",
  banned: "This publisher is banned from the broadcast.",
  no_capacity: "The servers are full. Try again in a moment.",
  core_full: "The servers are full. Try again in a moment.",
  shutting_down: "This server is shutting down. Connect again.",
  node_draining: "This server is shutting down. Connect again.",
};
const OTHERWISE = "The server cannot take this stream now. Try again in a moment.";

/** Codes that mean the name, which encoders tell apart. */
const OF_THE_NAME: readonly ErrorCode[] = ["stream_key_invalid", "broadcast_not_found", "publisher_active"];

/** @returns The status code and the words that an encoder is refused with. A bug's message stays inside. */
export function refusalWords(error: unknown): { status: string; words: string } {
  if (!(error instanceof FairleadError)) return { status: "NetStream.Publish.Rejected", words: OTHERWISE };
  const words = error instanceof WordedRefusal ? error.message : (WORDS[error.code] ?? OTHERWISE);
  const status = OF_THE_NAME.includes(error.code)
    ? "NetStream.Publish.BadName"
    : "NetStream.Publish.Rejected";
  return { status, words };
}
