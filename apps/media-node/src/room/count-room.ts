import type { Room } from "./room.ts";
import type { Seat } from "./seat.ts";

/** What sits on one core. */
export type SeatCounts = { peers: number; consumers: number };

export type RoomCounts = SeatCounts & { producers: number; viewers: number };

export function countRoom(room: Room): RoomCounts {
  const { peers, viewers, audience } = room;
  const consumers = room.members().reduce((sum, peer) => sum + peer.consumersByProducer.size, 0);
  return {
    peers: peers.size,
    producers: room.senders().reduce((sum, { producers }) => sum + producers.size, 0),
    consumers: [...viewers.values()].reduce((sum, viewer) => sum + viewer.consumers.size, consumers),
    viewers: viewers.size + audience.size,
  };
}

/** By core. A viewer is no peer, but its consumers cost as much. */
export function countSeats({ peers, viewers, audience }: Room): Map<number, SeatCounts> {
  const byCore = new Map<number, SeatCounts>();
  const add = ({ core }: Seat, more: SeatCounts) => {
    const counts = byCore.get(core) ?? { peers: 0, consumers: 0 };
    byCore.set(core, { peers: counts.peers + more.peers, consumers: counts.consumers + more.consumers });
  };
  for (const { seat, consumersByProducer } of peers.values())
    add(seat, { peers: 1, consumers: consumersByProducer.size });
  for (const { seat, consumersByProducer } of audience.all())
    add(seat, { peers: 0, consumers: consumersByProducer.size });
  for (const { seat, consumers } of viewers.values()) add(seat, { peers: 0, consumers: consumers.size });
  return byCore;
}
