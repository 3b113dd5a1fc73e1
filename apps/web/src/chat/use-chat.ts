import { FairleadError, type Room } from "@fairlead/client";
import { useEffect, useRef, useState } from "react";
import { displayNameOf } from "../meeting/room-view.ts";
import { type ChatMessage, decodeChat, encodeChat } from "./chat-message.ts";

/** Older messages are dropped: a meeting is not an archive. */
const KEPT_MESSAGES = 500;

export type Chat = {
  messages: readonly ChatMessage[];
  unread: number;
  /** @returns False when nothing was sent. */
  send(text: string): Promise<boolean>;
};

/** @param isOpen What comes while the chat is open counts as read. */
export function useChat(room: Room, isOpen: boolean): Chat {
  const [messages, setMessages] = useState<readonly ChatMessage[]>([]);
  const [unread, setUnread] = useState(0);
  const nextId = useRef(1);
  const isOpenNow = useRef(isOpen);
  isOpenNow.current = isOpen;
  if (isOpen && unread > 0) setUnread(0);

  const add = (author: string, text: string, { isOwn = false, isPartial = false } = {}) => {
    const message = { id: nextId.current++, author, isOwn, isPartial, text, receivedAtMs: Date.now() };
    setMessages((before) => [...before.slice(1 - KEPT_MESSAGES), message]);
    if (!isOwn && !isOpenNow.current) setUnread((count) => count + 1);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: `add` reads nothing that changes
  useEffect(
    () =>
      room.on("data.received", ({ peer, data }) => {
        const text = decodeChat(data);
        if (text !== undefined) add(displayNameOf(peer), text);
      }),
    [room],
  );

  const send = async (text: string): Promise<boolean> => {
    const payload = encodeChat(text);
    if (payload === undefined) return false;
    const outcome = await room.sendData(payload).then(
      () => "sent",
      (error) => (error instanceof FairleadError ? error.code : "failed"),
    );
    const isPartial = outcome === "data_undelivered";
    if (outcome !== "sent" && !isPartial) return false;
    add(displayNameOf(room.self), text.trim(), { isOwn: true, isPartial });
    return true;
  };
  return { messages, unread, send };
}
