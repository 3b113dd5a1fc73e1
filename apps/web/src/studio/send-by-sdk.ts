import { joinRoom, type Room } from "@fairlead/client";
import type { Ticket } from "../demo/request-ticket.ts";
import type { Capture } from "./capture.ts";
import type { Sender } from "./sender.ts";

/**
 * Publishes as a peer of the broadcast's room. The capture stays the caller's.
 * @throws {FairleadError} The refusal, e.g. `publisher_active`.
 */
export async function sendBySdk(ticket: Ticket, capture: Capture): Promise<Sender> {
  const room = await joinRoom({ ...ticket, autoSubscribe: false });
  try {
    await publish(room, capture);
  } catch (error) {
    void room.leave();
    throw error;
  }
  return {
    way: "sdk",
    getStats: async () => (await room.getStats()).send,
    onEnded: (listener) => room.on("room.ended", ({ code, message }) => listener(endText(code, message))),
    stop: () => void room.leave(),
  };
}

async function publish(room: Room, { source, picture, microphone, screenSound }: Capture): Promise<void> {
  await room.publishTrack(picture, source);
  if (microphone) await room.publishTrack(microphone, "microphone");
  if (screenSound) await room.publishTrack(screenSound, "screen_audio");
}

function endText(code: string, message: string): string {
  if (code === "session_replaced") return "Another encoder took the broadcast over.";
  return `Sending ended: ${message || code.replaceAll("_", " ")}.`;
}
