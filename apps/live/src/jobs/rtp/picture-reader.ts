import { type OrderedPacket, PacketOrder } from "./packet-order.ts";
import type { AssemblePicture, Picture } from "./picture.ts";
import { readRtp } from "./read-rtp.ts";

export type TimedPicture = Picture & {
  /** Of RTP. */
  timestamp: number;
  /** Its first packet's. */
  arrivedAtMs: number;
};

/** About 4 MB. */
const MOST_PACKETS = 3_500;

/** Whole pictures of a track's packets. After a loss nothing is shown until the next key frame: what refers to a lost picture would be smeared. */
export class PictureReader {
  readonly #assemble: AssemblePicture;
  readonly #order = new PacketOrder();
  #packets: OrderedPacket[] = [];
  /** What has this time lacks packets. */
  #lostTimestamp: number | null = null;
  #needsKey = true;

  constructor(assemble: AssemblePicture) {
    this.#assemble = assemble;
  }

  /** Nothing is shown before a key frame comes. */
  get needsKey(): boolean {
    return this.#needsKey;
  }

  /** @returns The pictures that are whole now. */
  take(bytes: Buffer, nowMs: number): TimedPicture[] {
    const packet = readRtp(bytes);
    return packet ? this.#order.push(packet, nowMs).flatMap((ordered) => this.#add(ordered)) : [];
  }

  #add(packet: OrderedPacket): TimedPicture[] {
    if (packet.isAfterLoss) this.#lose(packet.timestamp);
    const [first] = this.#packets;
    const before = first && first.timestamp !== packet.timestamp ? this.#finish() : [];
    if (packet.timestamp === this.#lostTimestamp) return before;
    this.#lostTimestamp = null;
    if (this.#packets.length >= MOST_PACKETS) this.#lose(packet.timestamp);
    else this.#packets.push(packet);
    return packet.isMarked ? [...before, ...this.#finish()] : before;
  }

  #lose(timestamp: number): void {
    this.#packets = [];
    this.#lostTimestamp = timestamp;
    this.#needsKey = true;
  }

  #finish(): TimedPicture[] {
    const [first] = this.#packets;
    const payloads = this.#packets.map(({ payload }) => payload);
    this.#packets = [];
    const picture = first ? this.#assemble(payloads) : null;
    if (!first || picture === null) return [];
    if (picture === "broken") this.#needsKey = true;
    else if (picture.key) this.#needsKey = false;
    if (picture === "broken" || this.#needsKey) return [];
    return [{ ...picture, timestamp: first.timestamp, arrivedAtMs: first.arrivedAtMs }];
  }
}
