import { closeProducer } from "../room/close-producer.ts";
import { maxIncomingBitrateBps } from "../room/incoming-bitrate.ts";
import type { Peer } from "../room/peer.ts";
import type { PeerInRoom } from "../room/room.ts";
import type { Rooms } from "./rooms.ts";

export const BITRATE_SAMPLE_MS = 2_000;
/** A browser that heeds the bound passes it for a moment, in a key frame say. */
const TOLERANCE = 1.5;
/** One look alone closes nothing: it may have seen a single burst. */
const MAX_SAMPLES_PER_LOOK = 2;
/** Each sample costs a call to the worker: a peer that was below the bound is looked at again after so many rounds. */
const ROUNDS_BETWEEN_LOOKS = 5;

/** The last look at a peer: what its transport had received by then, and how many rounds pass until the next one. */
type Look = { bytes: number; atMs: number; rounds: number };

/** Closes the producers of peers that keep sending far more than their room's options allow. */
export class BitrateWatch {
  readonly #rooms: Pick<Rooms, "all">;
  readonly #now: () => number;
  readonly #looks = new WeakMap<Peer, Look>();
  #isSampling = false;

  constructor(rooms: Pick<Rooms, "all">, now: () => number) {
    this.#rooms = rooms;
    this.#now = now;
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
      const look = this.#lastLook(peer);
      const isDue = look.rounds === 0;
      this.#looks.set(peer, { ...look, rounds: Math.max(0, look.rounds - 1) });
      return isDue;
    });
  }

  /** Of a peer that publishes since the last round: it has sent nothing before. */
  #lastLook(peer: Peer): Look {
    return this.#looks.get(peer) ?? { bytes: 0, atMs: this.#now() - BITRATE_SAMPLE_MS, rounds: 0 };
  }

  /** Judges all that came since the last look: what a peer sends between two of them, or without a producer, counts as well. */
  async #look({ room, peer }: PeerInRoom): Promise<void> {
    const before = this.#lastLook(peer);
    const bytes = await receivedBytesOf(peer);
    if (bytes === null) return;
    const atMs = this.#now();
    const elapsedMs = Math.max(BITRATE_SAMPLE_MS, atMs - before.atMs);
    const bitrateBps = ((bytes - before.bytes) * 8_000) / elapsedMs;
    const isAbove = bitrateBps > TOLERANCE * maxIncomingBitrateBps(room.options);
    this.#looks.set(peer, { bytes, atMs, rounds: isAbove ? 0 : ROUNDS_BETWEEN_LOOKS - 1 });
    const samples = Math.min(MAX_SAMPLES_PER_LOOK, Math.round(elapsedMs / BITRATE_SAMPLE_MS));
    if (!isAbove || !peer.budgets.noteExcess(samples)) return;
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

/** null: the peer goes away meanwhile. */
async function receivedBytesOf({ transports }: Peer): Promise<number | null> {
  try {
    const stats = (await transports.send?.getStats()) ?? [];
    return stats.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
  } catch {
    return null;
  }
}
