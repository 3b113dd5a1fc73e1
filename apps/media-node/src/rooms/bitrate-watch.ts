import { closeProducer } from "../room/close-producer.ts";
import { maxIncomingBitrateBps } from "../room/incoming-bitrate.ts";
import type { Peer } from "../room/peer.ts";
import { PeerBudgets } from "../room/peer-budgets.ts";
import type { Publisher } from "../room/publisher.ts";
import type { PeerInRoom, Room } from "../room/room.ts";
import type { Sender } from "../room/sender.ts";
import type { Rooms } from "./rooms.ts";

export const BITRATE_SAMPLE_MS = 2_000;
/** A browser that heeds the bound passes it for a moment, in a key frame say. */
const TOLERANCE = 1.5;
/** One look alone closes nothing: it may have seen a single burst. */
const MAX_SAMPLES_PER_LOOK = 2;
/** Each sample costs a call to the worker: a peer that was below the bound is looked at again after so many rounds. */
const ROUNDS_BETWEEN_LOOKS = 5;

/** The last look at a sender: what had been received of it by then, and how many rounds pass until the next one. */
type Look = { bytes: number; atMs: number; rounds: number };

/** One that is looked at, and how. */
type Watched = {
  room: Room;
  sender: Sender;
  receivedBytes: () => Promise<number>;
  /** @returns Whether it has sent too much for too long. */
  noteExcess: (samples: number) => boolean;
  cutOff: () => void;
};

/** Closes the producers of peers, and the publishers, that keep sending far more than their room's options allow. */
export class BitrateWatch {
  readonly #rooms: Pick<Rooms, "all">;
  readonly #now: () => number;
  readonly #looks = new WeakMap<Sender, Look>();
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

  #due(): Watched[] {
    const publishing = this.#rooms
      .all()
      .flatMap((room) => [
        ...[...room.peers.values()].filter(publishes).map((peer) => watchedPeer({ room, peer })),
        ...[...room.publishers.values()].map((publisher) => watchedPublisher(room, publisher)),
      ]);
    return publishing.filter(({ sender }) => {
      const look = this.#lastLook(sender);
      const isDue = look.rounds === 0;
      this.#looks.set(sender, { ...look, rounds: Math.max(0, look.rounds - 1) });
      return isDue;
    });
  }

  /** Of one that publishes since the last round: it has sent nothing before. */
  #lastLook(sender: Sender): Look {
    return this.#looks.get(sender) ?? { bytes: 0, atMs: this.#now() - BITRATE_SAMPLE_MS, rounds: 0 };
  }

  /** Judges all that came since the last look: what a peer sends between two of them, or without a producer, counts as well. */
  async #look({ room, sender, receivedBytes, noteExcess, cutOff }: Watched): Promise<void> {
    const before = this.#lastLook(sender);
    // It may go away meanwhile.
    const bytes = await receivedBytes().catch(() => null);
    if (bytes === null) return;
    const atMs = this.#now();
    const elapsedMs = Math.max(BITRATE_SAMPLE_MS, atMs - before.atMs);
    const bitrateBps = ((bytes - before.bytes) * 8_000) / elapsedMs;
    const isAbove = bitrateBps > TOLERANCE * maxIncomingBitrateBps(room.options);
    this.#looks.set(sender, { bytes, atMs, rounds: isAbove ? 0 : ROUNDS_BETWEEN_LOOKS - 1 });
    const samples = Math.min(MAX_SAMPLES_PER_LOOK, Math.round(elapsedMs / BITRATE_SAMPLE_MS));
    if (!isAbove || !noteExcess(samples)) return;
    const { roomId, log } = room;
    log.warn("peer.bitrate_exceeded", { roomId, peerId: sender.peerId, bitrateBps });
    cutOff();
  }
}

function publishes({ producers, dataProducers }: Peer): boolean {
  return producers.size + dataProducers.size > 0;
}

function watchedPeer({ room, peer }: PeerInRoom): Watched {
  return {
    room,
    sender: peer,
    receivedBytes: async () => {
      const stats = (await peer.transports.send?.getStats()) ?? [];
      return stats.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
    },
    noteExcess: (samples) => peer.budgets.noteExcess(samples),
    cutOff: () => closeAll({ room, peer }, "incoming_bitrate"),
  };
}

/** Its transport is its maker's, so its producers tell. What it has sent too much counts in its next session too. */
function watchedPublisher(room: Room, publisher: Publisher): Watched {
  const { identity, producers } = publisher;
  const budgets = new PeerBudgets(
    (name) => room.deps.budgetOf(identity, name),
    () => 0,
  );
  return {
    room,
    sender: publisher,
    receivedBytes: async () => {
      const stats = await Promise.all([...producers.values()].map((producer) => producer.getStats()));
      return stats.flat().reduce((sum, { byteCount }) => sum + byteCount, 0);
    },
    noteExcess: (samples) => budgets.noteExcess(samples),
    cutOff: () => publisher.close(),
  };
}

function closeAll({ room, peer }: PeerInRoom, code: string): void {
  for (const producer of [...peer.producers.values()]) closeProducer({ room, peer }, producer, code);
  for (const [dataProducerId, producer] of [...peer.dataProducers]) {
    peer.dataProducers.delete(dataProducerId);
    producer.close();
    peer.session.send({ name: "data_producer.closed", data: { dataProducerId, code } });
  }
}
