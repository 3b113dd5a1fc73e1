import { inBatches } from "@fairlead/protocol";
import { subscribeToAllData } from "./data-subscriptions.ts";
import type { Room } from "./room.ts";
import { producerInfos, producersCreated } from "./room-events.ts";
import { subscribeToAll } from "./subscriptions.ts";

/** The preview is over: viewers see who is there and what is published. Does nothing where they see it already. */
export function revealToViewers(room: Room): void {
  if (room.audience.isRevealed) return;
  room.arrivals.tell();
  room.audience.isRevealed = true;
  const senders = room.senders();
  const infos = senders.flatMap((sender) => producerInfos(room.mutes, sender));
  for (const viewer of room.audience.all()) {
    for (const some of inBatches(senders))
      viewer.session.send({ name: "peers.joined", data: { peers: some.map(({ info }) => info) } });
    for (const event of producersCreated(infos)) viewer.session.send(event);
    if (viewer.isAutoSubscribed) subscribeToAll({ room, peer: viewer });
    subscribeToAllData({ room, peer: viewer });
  }
}
