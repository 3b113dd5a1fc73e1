import type { Room } from "@fairlead/client";
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

  const add = (author: string, isOwn: boolean, text: string) => {
    const message = { id: nextId.current++, author, isOwn, text, receivedAtMs: Date.now() };
    setMessages((before) => [...before.slice(1 - KEPT_MESSAGES), message]);
    if (!isOwn && !isOpenNow.current) setUnread((count) => count + 1);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: `add` reads nothing that changes
  useEffect(
    () =>
      room.on("data.received", ({ peer, data }) => {
        const text = decodeChat(data);
        if (text !== undefined) add(displayNameOf(peer), false, text);
      }),
    [room],
  );

  const send = async (text: string): Promise<boolean> => {
    const payload = encodeChat(text);
    if (payload === undefined) return false;
    try {
      await room.sendData(payload);
    } catch {
      return false;
    }
    add(displayNameOf(room.self), true, text.trim());
    return true;
  };
  return { messages, unread, send };
}
