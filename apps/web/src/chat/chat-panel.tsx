import { type FormEvent, useEffect, useRef, useState } from "react";
import { Icon } from "../ui/icon.tsx";
import { isolate } from "../ui/isolate.ts";
import { Panel } from "../ui/panel.tsx";
import { CHAT_TEXT_LIMIT, type ChatMessage } from "./chat-message.ts";
import type { Chat } from "./use-chat.ts";

type Props = { id: string; chat: Chat; canSend: boolean; onClose: () => void };

export function ChatPanel({ id, chat, canSend, onClose }: Props) {
  const end = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new message scrolls
  useEffect(() => {
    end.current?.scrollIntoView({ block: "end" });
  }, [chat.messages]);
  return (
    <Panel id={id} title="Chat" onClose={onClose}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls by keys */}
      <div className="chat__messages" role="log" aria-label="Messages" tabIndex={0}>
        {chat.messages.length === 0 && (
          <p className="hint">Messages reach those who are in the room now. Nothing is kept.</p>
        )}
        {chat.messages.map((message) => (
          <Message key={message.id} message={message} />
        ))}
        <div ref={end} />
      </div>
      {canSend ? <Composer onSend={chat.send} /> : <p className="hint">Your ticket lets you read only.</p>}
    </Panel>
  );
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

function Message({ message }: { message: ChatMessage }) {
  return (
    <article className={message.isOwn ? "message message--own" : "message"}>
      <header>
        <strong>
          <bdi>{message.isOwn ? "You" : message.author}</bdi>
        </strong>{" "}
        <time>{clock.format(message.receivedAtMs)}</time>
      </header>
      <p dir="auto">{message.text}</p>
      {message.isPartial && <p className="hint">Not everybody may have got this.</p>}
    </article>
  );
}

function Composer({ onSend }: { onSend: Chat["send"] }) {
  const [text, setText] = useState("");
  const [unsent, setUnsent] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!text.trim()) return;
    // The room's word takes its time: meanwhile the field is free for the next message.
    setText("");
    setUnsent(null);
    if (await onSend(text)) return;
    setUnsent(text);
    setText((next) => next || text);
  };
  return (
    <form className="composer" onSubmit={submit}>
      {unsent !== null && <p role="alert">{`Not sent: ${isolate(unsent)}. Try again in a moment.`}</p>}
      <label htmlFor="message" className="visually-hidden">
        Message
      </label>
      <input
        id="message"
        data-autofocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder="Write to everyone"
        maxLength={CHAT_TEXT_LIMIT}
        autoComplete="off"
      />
      <button
        type="submit"
        className="icon-button icon-button--active"
        aria-label="Send"
        title="Send (Enter)"
      >
        <Icon name="send" />
      </button>
    </form>
  );
}
