import { FairleadError, type Grants, KIND_OF_SOURCE, type Source } from "@fairlead/protocol";
import type { DeviceChoice, PublishOptions, ScreenOptions } from "../api/options.ts";
import type { LocalTrack } from "../api/tracks.ts";
import { captureDevice, captureScreen, type DeviceSource, expectedSize } from "./capture.ts";
import { isEqual } from "./is-equal.ts";
import type { CaptureStart } from "./local-capture.ts";
import type { LocalMediaTrack, LocalTrackInit } from "./local-media-track.ts";
import type { LocalTracks } from "./local-tracks.ts";
import { createStandIn } from "./stand-in.ts";

type PublisherOptions = { local: LocalTracks; grants: () => Grants };

/** A call on its way. `wish`: all that it asks for, so that a second call that asks for the same can share it. */
type Pending = {
  wish: { call: DeviceSource | "screen" | "track"; track?: MediaStreamTrack };
  sources: readonly Source[];
  cancel: AbortController;
  published: Promise<LocalMediaTrack[]>;
};

/**
 * Turns a wish ("my camera") into published tracks. If ticket or room do not allow it, it fails before a device is opened.
 * A track that the SDK opened, or was given for good (`stopTrack`), is stopped if it can't be published.
 */
export class Publisher {
  readonly #local: LocalTracks;
  readonly #grants: () => Grants;
  readonly #pending = new Set<Pending>();
  #end: FairleadError | null = null;

  constructor({ local, grants }: PublisherOptions) {
    this.#local = local;
    this.#grants = grants;
  }

  async publishDevice(source: DeviceSource, options: DeviceChoice): Promise<LocalTrack> {
    const { track } = options;
    const isOurs = options.stopTrack ?? !track;
    const open = track
      ? async (): Promise<CaptureStart> => ({ state: "open", track, isOurs })
      : () => this.#openDevice(source, options);
    return this.#publishOne({ call: source, ...options }, source, options, open);
  }

  async publishTrack(track: MediaStreamTrack, source: Source, options: PublishOptions): Promise<LocalTrack> {
    const isOurs = options.stopTrack ?? false;
    const open = async (): Promise<CaptureStart> => ({ state: "open", track, isOurs });
    return this.#publishOne({ call: "track", ...options, track }, source, { ...options, track }, open);
  }

  /** All of it or nothing: shared sound alone is no screen. */
  async publishScreen(options: ScreenOptions): Promise<LocalTrack[]> {
    const audio = (options.audio ?? true) && this.#grants().publish.includes("screen_audio");
    const sources: Source[] = audio ? ["screen", "screen_audio"] : ["screen"];
    return this.#share({ call: "screen", ...options }, sources, async (cancelled) => {
      const tracks = await captureScreen({ ...options, audio });
      const inits = tracks.map((track): LocalTrackInit => {
        const isOurs = options.stopTrack ?? true;
        const source = track.kind === "video" ? "screen" : "screen_audio";
        return { source, options, start: { state: "open", track, isOurs } };
      });
      return this.#publishAll(inits, cancelled);
    });
  }

  /** Also cancels a call that is opening the device. Does nothing if the source is not published. */
  async unpublish(source: Source): Promise<void> {
    for (const pending of this.#pending)
      if (pending.sources.includes(source)) this.#cancel(pending, unpublished());
    const track = this.#local.tracks.get(source);
    if (track) await this.#local.end(track, "unpublished");
  }

  /** Nothing can be published afterwards; what opens late is closed. Idempotent. */
  close(error: FairleadError): void {
    this.#end ??= error;
    for (const pending of this.#pending) this.#cancel(pending, this.#end);
    this.#local.close(this.#end);
  }

  async #publishOne(
    wish: Pending["wish"],
    source: Source,
    options: DeviceChoice,
    open: () => Promise<CaptureStart>,
  ): Promise<LocalTrack> {
    try {
      const [track] = await this.#share(wish, [source], async (cancelled) =>
        this.#publishAll([{ source, options, start: await open() }], cancelled),
      );
      return track as LocalMediaTrack;
    } catch (error) {
      const { track, stopTrack } = options;
      if (track && stopTrack && !this.#isInUse(track)) track.stop();
      throw error;
    }
  }

  /** Calls for the same at once get the same tracks; a call for something else of the same source is refused. */
  #share(
    wish: Pending["wish"],
    sources: readonly Source[],
    publish: (cancelled: AbortSignal) => Promise<LocalMediaTrack[]>,
  ): Promise<LocalMediaTrack[]> {
    const other = [...this.#pending].find((one) => one.sources.some((source) => sources.includes(source)));
    if (other && isEqual(other.wish, wish)) return other.published;
    for (const source of sources) this.#check(source);
    if (other) throw new FairleadError("producer_limit", { message: "this source is being published" });
    const cancel = new AbortController();
    const cancelled = new Promise<never>((_, reject) =>
      cancel.signal.addEventListener("abort", () => reject(cancel.signal.reason)),
    );
    const published = Promise.race([publish(cancel.signal), cancelled]).finally(() =>
      this.#pending.delete(pending),
    );
    const pending: Pending = { wish, sources, cancel, published };
    this.#pending.add(pending);
    return published;
  }

  #cancel(pending: Pending, reason: FairleadError): void {
    this.#pending.delete(pending);
    pending.cancel.abort(reason);
  }

  #check(source: Source): void {
    if (this.#end) throw this.#end;
    if (!this.#grants().publish.includes(source)) throw new FairleadError("grant_missing");
    if (this.#local.tracks.has(source)) throw new FairleadError("producer_limit");
  }

  /** A camera that begins muted stays closed: the user is asked for it when they unmute. */
  async #openDevice(source: DeviceSource, options: DeviceChoice): Promise<CaptureStart> {
    const { muted = false, stopOnMute = source === "camera", stopTrack = true, constraints } = options;
    const isClosed = (muted || this.#local.isMutedByModerator(source)) && stopOnMute && stopTrack;
    const standIn = isClosed && createStandIn(KIND_OF_SOURCE[source], expectedSize(constraints));
    if (standIn) return { state: "closed", track: standIn };
    return { state: "open", track: await captureDevice(source, options), isOurs: stopTrack };
  }

  /** All or none. */
  async #publishAll(inits: LocalTrackInit[], cancelled: AbortSignal): Promise<LocalMediaTrack[]> {
    const settled = await Promise.allSettled(inits.map((init) => this.#publish(init, cancelled)));
    const published = settled.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const refused = settled.find((outcome) => outcome.status === "rejected");
    if (!refused) return published;
    await Promise.all(published.map((track) => this.#local.end(track, "unpublished").catch(() => {})));
    throw refused.reason;
  }

  async #publish(init: LocalTrackInit, cancelled: AbortSignal): Promise<LocalMediaTrack> {
    try {
      cancelled.throwIfAborted();
      return await this.#local.publish(init);
    } catch (error) {
      // The app never got a track that the SDK opened, so nobody else can stop it.
      if (init.start.track !== init.options.track) init.start.track.stop();
      throw error;
    }
  }

  #isInUse(track: MediaStreamTrack): boolean {
    const published = [...this.#local.tracks.values()].map(({ mediaStreamTrack }) => mediaStreamTrack);
    const pending = [...this.#pending].map(({ wish }) => wish.track);
    return [...published, ...pending].includes(track);
  }
}

function unpublished(): FairleadError {
  return new FairleadError("producer_not_found", { message: "unpublished before it was there" });
}
