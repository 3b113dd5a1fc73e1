import { useState } from "react";
import type { PeerView } from "../meeting/room-view.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { isolate } from "../ui/isolate.ts";
import type { Moderation } from "./use-moderation.ts";

type Props = { peer: PeerView; moderation: Moderation; run: (action: Promise<void>) => void };

/** Nobody can unmute a person who muted themselves: the button lifts what this page has set. */
export function ModerationButtons({ peer, moderation, run }: Props) {
  const [isAsking, setIsAsking] = useState(false);
  const name = isolate(peer.name);
  const isLocked = moderation.isLocked(peer.peerId);
  if (isAsking)
    return (
      <span className="people__actions">
        <button
          type="button"
          className="button button--danger"
          aria-label={`Yes, remove ${name}`}
          onClick={() => run(moderation.remove(peer.peerId))}
        >
          Remove
        </button>
        <button type="button" className="button" onClick={() => setIsAsking(false)}>
          Keep
        </button>
      </span>
    );
  return (
    <span className="people__actions">
      <IconButton
        icon={isLocked ? "microphone" : "microphone-off"}
        label={isLocked ? `Let ${name} speak` : `Mute ${name}`}
        onClick={() => run(moderation.setLock(peer.peerId, !isLocked))}
      />
      <IconButton icon="remove" label={`Remove ${name}`} onClick={() => setIsAsking(true)} />
    </span>
  );
}
