import type { RtpPacket } from "./read-rtp.ts";

export type OrderedPacket = RtpPacket & {
  /** Milliseconds. */
  arrivedAtMs: number;
  /** At least one before it never came. */
  isAfterLoss: boolean;
};

/** Lost packets are sent again: for so long those after them wait. */
const WAIT_MS = 300;
const MOST_WAITING = 1_000;
/** Farther apart, it is another stream (RFC 3550, appendix A.1). */
const MOST_APART = 3_000;
/** As it is where so many old ones come and none that is new: a sender that begins anew may begin shortly before the place where it was. */
const MOST_OLD = 50;
const SEQUENCES = 65_536;

type Waiting = RtpPacket & { arrivedAtMs: number };

/** Puts a track's packets into their order again. */
export class PacketOrder {
  #next: number | null = null;
  readonly #waiting = new Map<number, Waiting>();
  #waitsSinceMs = 0;
  #old = 0;

  /** @returns The packets whose turn it is now. */
  push(packet: RtpPacket, arrivedAtMs: number): OrderedPacket[] {
    const ahead = this.#next === null ? 0 : distance(this.#next, packet.sequence);
    this.#old = ahead < 0 ? this.#old + 1 : 0;
    if (Math.abs(ahead) > MOST_APART || this.#old > MOST_OLD)
      return this.#beginAnew({ ...packet, arrivedAtMs });
    // It has come before, or too late.
    if (ahead < 0) return [];
    if (this.#waiting.size === 0) this.#waitsSinceMs = arrivedAtMs;
    this.#waiting.set(packet.sequence, { ...packet, arrivedAtMs });
    this.#next ??= packet.sequence;
    const ready = this.#takeReady(false);
    const isOverdue = arrivedAtMs - this.#waitsSinceMs >= WAIT_MS || this.#waiting.size > MOST_WAITING;
    if (this.#waiting.size === 0 || !isOverdue) return ready;
    this.#next = this.#nearest();
    return [...ready, ...this.#takeReady(true)];
  }

  #beginAnew(packet: Waiting): OrderedPacket[] {
    this.#waiting.clear();
    this.#old = 0;
    this.#next = (packet.sequence + 1) % SEQUENCES;
    return [{ ...packet, isAfterLoss: true }];
  }

  #takeReady(isFirstAfterLoss: boolean): OrderedPacket[] {
    const ready: OrderedPacket[] = [];
    for (;;) {
      const packet = this.#waiting.get(this.#next ?? -1);
      if (!packet) break;
      this.#waiting.delete(packet.sequence);
      ready.push({ ...packet, isAfterLoss: isFirstAfterLoss && ready.length === 0 });
      this.#next = (packet.sequence + 1) % SEQUENCES;
    }
    const oldest = this.#waiting.values().next().value;
    if (ready.length > 0 && oldest) this.#waitsSinceMs = oldest.arrivedAtMs;
    return ready;
  }

  #nearest(): number {
    const from = this.#next ?? 0;
    return [...this.#waiting.keys()].reduce((a, b) => (distance(from, a) <= distance(from, b) ? a : b));
  }
}

/** Of sequence numbers, which wrap. */
function distance(from: number, to: number): number {
  const ahead = (to - from + SEQUENCES) % SEQUENCES;
  return ahead < SEQUENCES / 2 ? ahead : ahead - SEQUENCES;
}
