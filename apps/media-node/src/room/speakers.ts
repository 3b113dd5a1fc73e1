import type { Transient } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { type Level, LOUDEST, type Seat } from "./seat.ts";

type PeerLevel = Transient["data"]["levels"][number] & { seat: Seat };

export type SpeakersOptions = {
  /** Its peer, if that is in the room and has this producer: the observers may still tell of one that has left. */
  senderOf: (producer: types.Producer) => { peerId: string } | undefined;
  /** The seat of a peer that is in the room. */
  seatOf: (peerId: string) => Seat | undefined;
  tellLevels: (levels: Transient["data"]["levels"]) => void;
  tellSpeaker: (peerId: string | null) => void;
  now: () => number;
};

/** Each seat tells its levels at its own moments: those of all together are told no more often than one's. */
const LEVELS_APART_MS = 400;
/** Seats know only their own peers, so between seats loudness decides: one on another seat must be so much louder, so often. */
const LOUDER_DB = 6;
const LOUDER_ROUNDS = 2;
const SILENT_DBOV = -127;

/** Who speaks: the levels and the dominant speakers of all seats as one. */
export class Speakers {
  readonly #options: SpeakersOptions;
  readonly #levels = new Map<Seat, readonly Level[]>();
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #speakerId: string | null = null;
  /** One on another seat than the speaker's, and in how many rounds it was louder. */
  #rival: { peerId: string; rounds: number } | null = null;

  constructor(options: SpeakersOptions) {
    this.#options = options;
  }

  /** The peer that speaks loudest; null while nobody speaks. */
  get speakerId(): string | null {
    return this.#speakerId;
  }

  listen(seat: Seat): void {
    seat.listen({
      onLevels: (levels) => this.#takeLevels(seat, levels),
      onDominantSpeaker: (producer) => this.#takeDominant(seat, producer),
    });
  }

  forget(seat: Seat): void {
    this.#levels.delete(seat);
  }

  handleLeft(peerId: string): void {
    if (this.#speakerId === peerId) this.#set(null);
  }

  #takeLevels(seat: Seat, levels: readonly Level[]): void {
    this.#levels.set(seat, levels);
    const merged = this.#merged();
    const { now, tellLevels } = this.#options;
    const isSoon = this.#levels.size > 1 && now() - this.#toldAtMs < LEVELS_APART_MS;
    // Nobody tells of silence again.
    if (isSoon && merged.length > 0) return;
    this.#toldAtMs = now();
    tellLevels(merged.map(({ peerId, volumeDbov }) => ({ peerId, volumeDbov })));
    if (!merged[0]) this.#set(null);
    // The dominant one may have fallen silent and spoken again without another coming between.
    else if (this.#speakerId === null) this.#set(merged[0].peerId);
    else this.#compare(merged, this.#speakerId);
  }

  #takeDominant(seat: Seat, producer: types.Producer): void {
    const peer = this.#options.senderOf(producer);
    if (!peer) return;
    const held = this.#speakerId === null ? undefined : this.#options.seatOf(this.#speakerId);
    if (!held || held === seat) this.#set(peer.peerId);
  }

  #merged(): PeerLevel[] {
    const all = [...this.#levels].flatMap(([seat, levels]) =>
      levels.flatMap(({ producer, volumeDbov }) => {
        const peer = this.#options.senderOf(producer);
        return peer ? [{ peerId: peer.peerId, volumeDbov, seat }] : [];
      }),
    );
    return all.sort((a, b) => b.volumeDbov - a.volumeDbov).slice(0, LOUDEST);
  }

  /** Within the speaker's own seat its observer decides. */
  #compare(merged: readonly PeerLevel[], speakerId: string): void {
    const seat = this.#options.seatOf(speakerId);
    const own = merged.find(({ peerId }) => peerId === speakerId)?.volumeDbov ?? SILENT_DBOV;
    const rival = merged.find((other) => other.seat !== seat);
    if (!rival || rival.volumeDbov < own + LOUDER_DB) {
      this.#rival = null;
      return;
    }
    const rounds = this.#rival?.peerId === rival.peerId ? this.#rival.rounds + 1 : 1;
    this.#rival = { peerId: rival.peerId, rounds };
    if (rounds >= LOUDER_ROUNDS) this.#set(rival.peerId);
  }

  #set(peerId: string | null): void {
    this.#rival = null;
    if (this.#speakerId === peerId) return;
    this.#speakerId = peerId;
    this.#options.tellSpeaker(peerId);
  }
}
