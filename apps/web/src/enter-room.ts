import { type ErrorCode, joinRoom, type Room } from "@fairlead/client";
import { personOfTab } from "./demo/person.ts";
import { refusalText } from "./demo/refusal-text.ts";
import { requestTicket } from "./demo/request-ticket.ts";
import type { Preferences } from "./lobby/preferences.ts";
import { explainRefusal } from "./meeting/end-text.ts";

export type JoinChoice = { roomId: string; preferences: Preferences };

/** `joinedAtMs` tells one stay in a room from the next. */
export type JoinedRoom = { room: Room; joinedAtMs: number };

export type EnterOutcome = { state: "joined"; joined: JoinedRoom } | { state: "refused"; reason: string };

/**
 * Gets a ticket and joins.
 * @param onEnded Called once if the room ends for this peer without its own `leave()`.
 */
export async function enterRoom(
  choice: JoinChoice,
  onEnded: (end: { code: ErrorCode; message: string }) => void,
): Promise<EnterOutcome> {
  const outcome = await requestTicket({
    room: choice.roomId,
    name: choice.preferences.name,
    person: await personOfTab(() => window.sessionStorage),
  });
  if (outcome.state !== "granted") return { state: "refused", reason: refusalText(outcome) };
  try {
    const room = await joinRoom(outcome.value);
    room.on("room.ended", onEnded);
    return { state: "joined", joined: { room, joinedAtMs: performance.now() } };
  } catch (error) {
    return { state: "refused", reason: explainRefusal(error) };
  }
}
