import type { types } from "mediasoup-client";
import type { ProducerData } from "../media/transports.ts";
import { layerCount, layerSettings, sizeOf } from "./simulcast-layers.ts";

/** A negotiation takes much less time than so many looks. */
const FIT_TRIES = 100;

/**
 * Gives a producer the track that it sends; null: it sends nothing. Of several in a row the last one holds. Simulcast follows the
 * picture's size, without a new negotiation.
 */
export class TrackSender {
  readonly producer: types.Producer<ProducerData>;
  #wanted: MediaStreamTrack | null;
  #isReplacing = false;
  readonly #fitsLayers: boolean;
  /** As the browser was last told. */
  #layers: number | null = null;
  #isFitting = false;
  /** Track and size that need no other layers, as far as could be done. */
  #fitted = "";
  #failures = 0;

  /** @param fitsLayers False: the app has chosen the encodings. */
  constructor(producer: types.Producer<ProducerData>, fitsLayers: boolean) {
    this.producer = producer;
    this.#fitsLayers = fitsLayers;
    this.#wanted = producer.track;
  }

  send(track: MediaStreamTrack | null): void {
    this.#wanted = track;
    if (!this.#isReplacing) void this.#replace();
  }

  /** The browser tells nobody that a picture has another size now: to be called often. */
  checkSize(): void {
    if (this.#fitsLayers && !this.#isFitting && !this.#isReplacing) void this.#fit();
  }

  async #fit(): Promise<void> {
    const { track, rtpSender, closed } = this.producer;
    const size = track?.kind === "video" && !closed ? sizeOf(track) : undefined;
    if (!track || !size || !rtpSender) return;
    const picture = `${track.id} ${size.width}x${size.height}`;
    if (picture === this.#fitted) return;
    const parameters = rtpSender.getParameters();
    const { encodings } = parameters;
    const count = layerCount(size, encodings.length);
    if (encodings.length < 2 || count === this.#layers) {
      this.#fitted = picture;
      return;
    }
    for (const [index, encoding] of encodings.entries()) Object.assign(encoding, layerSettings(index, count));
    this.#isFitting = true;
    try {
      await rtpSender.setParameters(parameters);
      this.#layers = count;
      this.#fitted = picture;
      this.#failures = 0;
    } catch {
      // The browser is just negotiating: the next look tries again, and gives up at last.
      this.#failures = (this.#failures + 1) % FIT_TRIES;
      if (this.#failures === 0) this.#fitted = picture;
    } finally {
      this.#isFitting = false;
    }
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
      this.checkSize();
    }
  }
}
