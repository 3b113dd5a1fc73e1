import type { Room, RoomEvents } from "@fairlead/client";
import { useState, useSyncExternalStore } from "react";
import { type RoomView, type Speakers, speakersOf, viewOf } from "./room-view.ts";

/** Events after which the page may look different. */
const VIEW_EVENTS: readonly (keyof RoomEvents)[] = [
  "peer.joined",
  "peer.left",
  "peer.away",
  "peer.back",
  "track.subscribed",
  "track.unsubscribed",
  "track.muted",
  "track.unmuted",
  "local_track.published",
  "local_track.ended",
  "local_track.muted",
  "local_track.unmuted",
  "local_track.unmute_allowed",
  "publication.changed",
  "connection.changed",
  "room.moved",
  "playback.blocked",
  "playback.allowed",
  "quality.changed",
];

/** The room's state, rendered anew whenever it changes. @param room The same for the component's whole life. */
export function useRoom(room: Room): RoomView {
  const [store] = useState(() => createRoomStore(room));
  return useSyncExternalStore(store.subscribe, store.getView);
}

type RoomStore = { getView: () => RoomView; subscribe: (listener: () => void) => () => void };

/** The room as React likes it: a view that stays the same object until something changes. */
function createRoomStore(room: Room): RoomStore {
  const listeners = new Set<() => void>();
  let speakers: Speakers = new Set();
  let view = viewOf(room, speakers);
  const refresh = () => {
    view = viewOf(room, speakers);
    for (const listener of listeners) listener();
  };
  const listen = () => [
    ...VIEW_EVENTS.map((name) => room.on(name, refresh)),
    room.on("speakers.changed", (change) => {
      speakers = speakersOf(change);
      refresh();
    }),
  ];
  let stopListening: (() => void)[] = [];
  return {
    getView: () => view,
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) {
        stopListening = listen();
        refresh(); // Catches up with changes from before the first listener.
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) for (const stop of stopListening) stop();
      };
    },
  };
}
