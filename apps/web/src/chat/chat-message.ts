import * as z from "zod";

export const CHAT_TEXT_LIMIT = 2_000;

/**
 * A message on the wire. It takes the SDK's default channel. The room tells the sender; the message does not.
 */
const ChatPayload = z.object({
  type: z.literal("chat"),
  text: z.string().trim().min(1).max(CHAT_TEXT_LIMIT),
});

export type ChatMessage = {
  /** Counts up in this tab. */
  id: number;
  author: string;
  isOwn: boolean;
  /** Some may not have got it. */
  isPartial: boolean;
  text: string;
  /** Ms since 1970, by this computer's clock. */
  receivedAtMs: number;
};

/** @returns The message as it goes out; undefined when there is nothing to send. */
export function encodeChat(text: string): string | undefined {
  const payload = ChatPayload.safeParse({ type: "chat", text });
  return payload.success ? JSON.stringify(payload.data) : undefined;
}

/** @returns The text of a message that came in; undefined for whatever is no chat message. */
export function decodeChat(data: string | Uint8Array | ArrayBuffer): string | undefined {
  if (typeof data !== "string") return undefined;
  try {
    const payload = ChatPayload.safeParse(JSON.parse(data));
    return payload.success ? payload.data.text : undefined;
  } catch {
    return undefined;
  }
}
