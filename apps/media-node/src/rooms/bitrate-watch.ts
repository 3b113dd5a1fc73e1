import { closeProducer } from "../room/close-producer.ts";
import { maxIncomingBitrateBps } from "../room/incoming-bitrate.ts";
import type { Peer } from "../room/peer.ts";
import type { PeerInRoom } from "../room/room.ts";
import type { Rooms } from "./rooms.ts";

export const BITRATE_SAMPLE_MS = 2_000;
/** A browser that heeds the bound passes it for a moment, in a key frame say. */
const TOLERANCE = 1.5;
const SAMPLES = 3;
/** Each sample costs a call to the worker: a peer that was below the bound is looked at again after so many rounds. */
const ROUNDS_BETWEEN_LOOKS = 5;

/** `above`: samples above the bound, less those below it since. `rounds`: until the next one. */
type Standing = { above: number; rounds: number };

/** Closes the producers of peers that keep sending far more than their room's options allow. */
export class BitrateWatch {
  readonly #rooms: Pick<Rooms, "all">;
  readonly #standings = new WeakMap<Peer, Standing>();
  #isSampling = false;

  constructor(rooms: Pick<Rooms, "all">) {
    this.#rooms = rooms;
  }

  /** Called every `BITRATE_SAMPLE_MS`. Does nothing while workers still answer the last time. */
  async sample(): Promise<void> {
    if (this.#isSampling) return;
    this.#isSampling = true;
    try {
      await Promise.all(this.#due().map((one) => this.#look(one)));
    } finally {
      this.#isSampling = false;
    }
  }

  #due(): PeerInRoom[] {
    const publishing = this.#rooms
      .all()
      .flatMap((room) => [...room.peers.values()].map((peer) => ({ room, peer })))
      .filter(({ peer }) => peer.producers.size + peer.dataProducers.size > 0);
    return publishing.filter(({ peer }) => {
      const { above, rounds } = this.#standings.get(peer) ?? { above: 0, rounds: 0 };
      this.#standings.set(peer, { above, rounds: Math.max(0, rounds - 1) });
      return rounds === 0;
    });
  }

  async #look({ room, peer }: PeerInRoom): Promise<void> {
    const bitrateBps = await incomingBitrateOf(peer);
    const isAbove = bitrateBps > TOLERANCE * maxIncomingBitrateBps(room.options);
    const before = this.#standings.get(peer)?.above ?? 0;
    // A breath between two floods takes one of them back and no more.
    const above = isAbove ? before + 1 : Math.max(0, before - 1);
    const isTooMuch = above >= SAMPLES;
    this.#standings.set(peer, {
      above: isTooMuch ? 0 : above,
      rounds: above > 0 ? 0 : ROUNDS_BETWEEN_LOOKS - 1,
    });
    if (!isTooMuch) return;
    const { roomId, log } = room;
    log.warn("peer.bitrate_exceeded", { roomId, peerId: peer.peerId, bitrateBps });
    closeAll({ room, peer }, "incoming_bitrate");
  }
}

function closeAll({ room, peer }: PeerInRoom, code: string): void {
  for (const producer of [...peer.producers.values()]) closeProducer({ room, peer }, producer, code);
  for (const [dataProducerId, producer] of [...peer.dataProducers]) {
    peer.dataProducers.delete(dataProducerId);
    producer.close();
    peer.session.send({ name: "data_producer.closed", data: { dataProducerId, code } });
  }
}

/** bits/s; 0 of a peer that goes away meanwhile. */
async function incomingBitrateOf({ transports }: Peer): Promise<number> {
  try {
    const stats = await transports.send.getStats();
    return stats.reduce((sum, { recvBitrate }) => sum + recvBitrate, 0);
  } catch {
    return 0;
  }
}
