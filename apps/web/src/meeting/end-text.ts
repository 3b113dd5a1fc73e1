import { type ErrorCode, FairleadError } from "@fairlead/client";

export type EndText = { title: string; advice: string; canJoinAgain: boolean };

const ENDS: Partial<Record<ErrorCode, EndText>> = {
  peer_removed: {
    title: "A moderator removed you from the meeting",
    advice: "Ask the people of the meeting if you think that this was a mistake.",
    canJoinAgain: false,
  },
  banned: {
    title: "You may not join this meeting",
    advice: "A moderator removed you from it.",
    canJoinAgain: false,
  },
  room_closed: {
    title: "The meeting was closed",
    advice: "It ended for everybody. Joining again opens a new meeting of the same name.",
    canJoinAgain: true,
  },
  session_replaced: {
    title: "The meeting goes on in another tab",
    advice: "You joined it again elsewhere, and only the newest place stays.",
    canJoinAgain: true,
  },
  signaling_unreachable: {
    title: "The connection was lost",
    advice: "The server can't be reached. Check the network and join again.",
    canJoinAgain: true,
  },
};

/** @param message The server's own words, shown where this page has none that are better. */
export function endText(code: ErrorCode, message: string): EndText {
  return (
    ENDS[code] ?? {
      title: "The meeting was interrupted",
      advice: `The connection could not be restored (${message || code.replaceAll("_", " ")}).`,
      canJoinAgain: true,
    }
  );
}

const REFUSALS: Partial<Record<ErrorCode, string>> = {
  room_full: "The room is full. Try again when somebody has left.",
  core_full: "The server of this meeting is at its limit right now. Try again in a moment.",
  no_capacity: "The server has no room for another meeting right now. Try again in a moment.",
  banned: "A moderator removed you from this room, so you may not join it again.",
  duplicate_identity: "You are in this room already, in another tab or on another device.",
  node_timeout: "The server was not reached in time. Check the network and try again.",
  signaling_unreachable: "The server can't be reached. Check the network and try again.",
  node_unreachable: "The server's media node does not answer. Try again in a moment.",
  protocol_unsupported: "This page is older or newer than the server. Reload it.",
};

/** Why `joinRoom` failed, for the person who wanted to join. */
export function explainRefusal(error: unknown): string {
  if (!(error instanceof FairleadError)) return "Joining failed. Reload the page and try again.";
  return REFUSALS[error.code] ?? `Joining failed: ${error.message}.`;
}
