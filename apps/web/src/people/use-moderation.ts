import type { Room } from "@fairlead/client";
import { useState } from "react";

export type Moderation = {
  /** Whether this page has muted that peer's microphone for good. */
  isLocked(peerId: string): boolean;
  /** Rejects with the refusal. */
  setLock(peerId: string, isLocked: boolean): Promise<void>;
  /** Rejects with the refusal. */
  remove(peerId: string): Promise<void>;
};

/** Lives as long as the meeting: a lock outlasts the panel that shows it, and its person's coming back. */
export function useModeration(room: Room): Moderation {
  const [locked, setLocked] = useState<ReadonlySet<string>>(new Set());
  const identityOf = (peerId: string) => room.peers.get(peerId)?.identity ?? "";
  return {
    isLocked: (peerId) => locked.has(identityOf(peerId)),
    setLock: async (peerId, isLocked) => {
      const identity = identityOf(peerId);
      await room.mutePeer(peerId, "microphone", isLocked);
      setLocked((before) => withMember(before, identity, isLocked));
    },
    remove: (peerId) => room.removePeer(peerId),
  };
}

function withMember(set: ReadonlySet<string>, member: string, isIn: boolean): ReadonlySet<string> {
  return new Set(isIn ? [...set, member] : [...set].filter((other) => other !== member));
}
