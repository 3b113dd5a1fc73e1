import type { types } from "mediasoup";
import { recallViewer } from "./recall-viewer.ts";
import type { SenderInRoom } from "./room.ts";
import { producerInfo, producersCreated } from "./room-events.ts";
import { offer } from "./subscriptions.ts";

/** Its sender is asked for one key frame at most within this time, however many receivers ask. */
export const KEY_FRAME_REQUEST_DELAY_MS = 500;

/** Everybody hears of a producer, and those who subscribe by themselves get it. */
export function announceProducer({ room, peer }: SenderInRoom, producer: types.Producer): void {
  for (const event of producersCreated([producerInfo(room.mutes, peer, producer)])) room.tell(event);
  offer({ room, peer }, producer);
  for (const viewer of room.viewers.values()) recallViewer(room, viewer);
}
