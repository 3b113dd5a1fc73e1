import { type CreateEgress, type EgressWithSdp, FairleadError, randomId } from "@fairlead/protocol";
import type { Room } from "../room/room.ts";
import type { Sender } from "../room/sender.ts";
import type { EgressTrack } from "./egress-track.ts";
import type { Clocks } from "./rtp-ingest.ts";

/** A receiver that begins late, or has lost packets, sees a picture after that, whether its requests reach us or not. */
const KEY_FRAME_EVERY_MS = 10_000;
/** At first more often: it is being started. */
const FIRST_KEY_FRAME_MS = 1_000;

export type RtpEgressOptions = { room: Room; sender: Sender; wish: CreateEgress; clocks: Clocks };

/** What goes to a receiver outside. It ends with its tracks, at its time, or when it is told to. */
export class RtpEgress {
  readonly egressId = randomId();
  readonly room: Room;
  readonly #options: RtpEgressOptions;
  readonly #createdAtMs: number;
  readonly #begunAtMs: number;
  readonly #ends: (() => void)[] = [];
  #tracks: readonly EgressTrack[] = [];
  #keyFrame = { atMs: 0, afterMs: FIRST_KEY_FRAME_MS };
  #isClosed = false;

  constructor(options: RtpEgressOptions) {
    const { room, sender, clocks } = options;
    this.#options = options;
    this.room = room;
    this.#createdAtMs = clocks.now();
    this.#begunAtMs = clocks.elapsed();
    room.egresses.set(this.egressId, sender);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** null while it is being opened. */
  get answer(): EgressWithSdp | null {
    const { sender, wish } = this.#options;
    const tracks = this.#tracks.filter(({ isClosed }) => !isClosed);
    if (tracks.length === 0) return null;
    return {
      ...{ egressId: this.egressId, kind: "rtp", peerId: sender.peerId, encrypted: wish.encrypted },
      ...{ createdAtMs: this.#createdAtMs, endsAtMs: this.#createdAtMs + 1_000 * wish.ttlS },
      receiverAddress: wish.receiverAddress,
      tracks: tracks.map(({ answer }) => answer),
    };
  }

  onClosed(act: () => void): void {
    this.#ends.push(act);
  }

  /** From now on it sends. @throws {FairleadError} `producer_not_found`: all of them closed meanwhile; `lease_lost`. */
  async begin(tracks: readonly EgressTrack[]): Promise<EgressWithSdp> {
    this.#tracks = tracks;
    for (const { consumer } of tracks) consumer.observer.once("close", () => this.#noteGone());
    this.#noteGone();
    await Promise.allSettled(tracks.map(({ consumer }) => consumer.resume()));
    const { answer } = this;
    if (this.room.isClosed) throw new FairleadError("lease_lost");
    if (this.#isClosed || !answer) throw new FairleadError("producer_not_found");
    return answer;
  }

  /** Called about once a second. */
  look(): void {
    const { wish, clocks } = this.#options;
    const nowMs = clocks.elapsed();
    if (nowMs - this.#begunAtMs >= 1_000 * wish.ttlS) this.close();
    else if (nowMs >= this.#keyFrame.atMs) this.#askKeyFrames(nowMs);
  }

  #askKeyFrames(nowMs: number): void {
    const { afterMs } = this.#keyFrame;
    this.#keyFrame = { atMs: nowMs + afterMs, afterMs: Math.min(2 * afterMs, KEY_FRAME_EVERY_MS) };
    // One that has closed meanwhile needs none.
    for (const { consumer } of this.#tracks)
      if (!consumer.closed && consumer.kind === "video") void consumer.requestKeyFrame().catch(() => {});
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const track of this.#tracks) track.close();
    this.room.egresses.delete(this.egressId);
    for (const act of this.#ends) act();
  }

  #noteGone(): void {
    if (this.#tracks.every(({ isClosed }) => isClosed)) this.close();
  }
}
