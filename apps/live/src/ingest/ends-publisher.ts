import { type ErrorCode, FairleadError } from "@fairlead/protocol";

/** Refusals that no other try changes, and what the encoder hears of them. */
const FOR_GOOD: Partial<Record<ErrorCode, string>> = {
  broadcast_ended: "The broadcast has ended.",
  stream_key_invalid: "The stream key is valid no more.",
  hook_refused: "The app behind this broadcast refuses this publisher.",
  banned: "The app behind this broadcast refuses this publisher.",
  invalid_request:
    "The broadcast's server takes no media from this one: its operator must set FAIRLEAD_PIPE_IP.",
  media_rejected: "The cluster does not carry this codec.",
};

/** @returns What to tell the encoder, where this refusal is for good; null: a later try may succeed. */
export function wordsForGood(error: unknown): string | null {
  if (!(error instanceof FairleadError)) return null;
  return FOR_GOOD[error.code] ?? null;
}

export const WORDS = {
  replaced: "Another publisher has taken over this broadcast.",
  lost: "The broadcast found no other server within 30 seconds.",
  worker: "The media worker of this server has failed. Connect again.",
} as const;
