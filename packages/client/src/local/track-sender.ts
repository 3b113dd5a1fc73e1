import type { types } from "mediasoup-client";
import type { ProducerData } from "../media/transports.ts";

/** Gives a producer the track that it sends; null: it sends nothing. Of several in a row the last one holds. */
export class TrackSender {
  readonly producer: types.Producer<ProducerData>;
  #wanted: MediaStreamTrack | null;
  #isReplacing = false;

  constructor(producer: types.Producer<ProducerData>) {
    this.producer = producer;
    this.#wanted = producer.track;
  }

  send(track: MediaStreamTrack | null): void {
    this.#wanted = track;
    if (!this.#isReplacing) void this.#replace();
  }

  async #replace(): Promise<void> {
    this.#isReplacing = true;
    try {
      while (!this.producer.closed && this.producer.track !== this.#wanted)
        await this.producer.replaceTrack({ track: this.#wanted });
    } catch {
      // The producer or the track has ended meanwhile.
    } finally {
      this.#isReplacing = false;
    }
  }
}
