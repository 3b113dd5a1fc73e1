import { isolate } from "../ui/isolate.ts";
import type { ChatMessage } from "./chat-message.ts";

type Props = { last: ChatMessage | undefined; isChatOpen: boolean };

/** Reads the newest message out while the chat is closed; the open chat is a live region of its own. */
export function ChatAnnouncement({ last, isChatOpen }: Props) {
  return (
    <p className="visually-hidden" aria-live="polite">
      {last && !last.isOwn && !isChatOpen && `${isolate(last.author)} writes: ${last.text}`}
    </p>
  );
}
