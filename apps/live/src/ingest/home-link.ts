import { type Bus, callNode } from "@fairlead/bus";
import { FairleadError, type HlsOrder, type HlsReport, type IngestHealth } from "@fairlead/protocol";
import type { IngestPlace } from "@fairlead/signaling/ingest";
import type { EncoderMedia } from "../media/encoder-media.ts";
import type { OutgoingPipe, PipeReach } from "../media/outgoing-pipe.ts";

/** Proofs come each second: one that took longer than this says that the home does not answer. */
const PROVE_TIMEOUT_MS = 2_000;

export type HomeLinkOptions = { bus: Bus; place: IngestPlace; reach: PipeReach };

/** A publisher's place at one home, and the pipe that brings its media there. */
export class HomeLink {
  readonly #options: HomeLinkOptions;
  #pipe: OutgoingPipe | null = null;
  #isConnected = false;
  #isClosed = false;

  constructor(options: HomeLinkOptions) {
    this.#options = options;
  }

  /** Whether a transport of this id is its pipe. */
  has(id: string): boolean {
    return this.#pipe?.id === id;
  }

  get incarnation(): string {
    return this.#options.place.incarnation;
  }

  /**
   * Brings the media to the home.
   * @throws {FairleadError} What the home refuses with; `session_gone` when this was closed meanwhile.
   */
  async connect(media: Pick<EncoderMedia, "openPipe">): Promise<void> {
    const { bus, place, reach } = this.#options;
    const pipe = await media.openPipe(reach);
    this.#pipe = pipe;
    const { address, tracks } = pipe;
    const request = { ...this.#session, pipe: address, tracks: [...tracks] };
    const answer = this.#isClosed ? null : await callNode(bus, place.incarnation, "ingest.connect", request);
    if (!answer || this.#isClosed) {
      pipe.close();
      throw new FairleadError("session_gone");
    }
    await pipe.connect(answer.pipe);
    this.#isConnected = true;
  }

  /** The home has the publisher, and media goes there. */
  async bringsMedia(health: IngestHealth): Promise<boolean> {
    if (!this.#isConnected) return false;
    return this.prove(health, null).then(
      () => true,
      () => false,
    );
  }

  /**
   * @param hls What is packaged of it; null: nothing is.
   * @returns What may be; null: nothing.
   * @throws {FairleadError} `session_gone`, `node_unreachable`, `node_timeout`, `bus_disconnected`.
   */
  async prove(health: IngestHealth, hls: HlsReport | null): Promise<HlsOrder | null> {
    if (this.#isClosed) throw new FairleadError("session_gone");
    const { bus, place } = this.#options;
    const options = { timeoutMs: PROVE_TIMEOUT_MS };
    const request = { ...this.#session, health, ...(hls ? { hls } : {}) };
    const answer = await callNode(bus, place.incarnation, "ingest.prove", request, options);
    return answer.hls ?? null;
  }

  /** Tells the home too: one that does not answer forgets the publisher by itself. Idempotent. */
  close(refused?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pipe?.close();
    const { bus, place } = this.#options;
    const request = { ...this.#session, ...(refused === undefined ? {} : { refused }) };
    void callNode(bus, place.incarnation, "ingest.close", request).catch(() => {});
  }

  get #session(): { roomId: string; sessionId: string } {
    const { broadcastId: roomId, sessionId } = this.#options.place;
    return { roomId, sessionId };
  }
}
