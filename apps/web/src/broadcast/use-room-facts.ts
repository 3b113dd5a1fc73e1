import type { Room, RoomEvents } from "@fairlead/client";
import { useEffect, useReducer } from "react";

/** Events after which a page about a broadcast may look different. */
const EVENTS: readonly (keyof RoomEvents)[] = [
  "broadcast.changed",
  "viewers.counted",
  "peer.left",
  "track.published",
  "track.unpublished",
  "publication.changed",
  "track.subscribed",
  "track.unsubscribed",
  "track.muted",
  "track.unmuted",
  "connection.changed",
  "room.moved",
  "playback.blocked",
  "playback.allowed",
];

/** Renders the component anew whenever something about the room changes. @returns What `read` reads of it now. */
export function useRoomFacts<T>(room: Room, read: (room: Room) => T): T {
  const [, refresh] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const stops = EVENTS.map((name) => room.on(name, refresh));
    refresh(); // Catches up with changes from before the first listener.
    return () => {
      for (const stop of stops) stop();
    };
  }, [room]);
  return read(room);
}
