import type { Room } from "@fairlead/client";
import { useState, useSyncExternalStore } from "react";
import { createRoomStore } from "./room-store.ts";
import type { RoomView } from "./room-view.ts";

/** The room's state, rendered anew whenever it changes. @param room The same for the component's whole life. */
export function useRoom(room: Room, ownName: string): RoomView {
  const [store] = useState(() => createRoomStore(room, ownName));
  return useSyncExternalStore(store.subscribe, store.getView);
}
