import { FairleadError, type Grants, type Source } from "@fairlead/protocol";
import type { DeviceChoice, PublishOptions, ScreenOptions } from "../api/options.ts";
import type { LocalTrack } from "../api/tracks.ts";
import { captureDevice, captureScreen } from "./capture.ts";
import type { LocalTracks } from "./local-tracks.ts";

type PublisherOptions = { local: LocalTracks; grants: () => Grants };

/** Turns a wish ("my camera") into a published track. If the ticket does not allow it, it fails before a device is opened. */
export class Publisher {
  readonly #local: LocalTracks;
  readonly #grants: () => Grants;

  constructor({ local, grants }: PublisherOptions) {
    this.#local = local;
    this.#grants = grants;
  }

  async publishDevice(source: "microphone" | "camera", options: DeviceChoice): Promise<LocalTrack> {
    this.#check(source);
    const track = options.track ?? (await captureDevice(source, options));
    return this.#publish(track, source, { stopTrack: !options.track, ...options });
  }

  /** All of it or nothing: shared sound alone is no screen. */
  async publishScreen(options: ScreenOptions): Promise<LocalTrack[]> {
    this.#check("screen");
    const audio = (options.audio ?? true) && this.#grants().publish.includes("screen_audio");
    const tracks = await captureScreen({ ...options, audio });
    const published = await Promise.allSettled(
      tracks.map((track) =>
        this.#publish(track, track.kind === "video" ? "screen" : "screen_audio", {
          stopTrack: true,
          ...options,
        }),
      ),
    );
    const refused = published.find((outcome) => outcome.status === "rejected");
    if (!refused) return published.flatMap((outcome) => ("value" in outcome ? [outcome.value] : []));
    await Promise.all([this.#local.unpublish("screen"), this.#local.unpublish("screen_audio")]);
    throw refused.reason;
  }

  async publishTrack(track: MediaStreamTrack, source: Source, options: PublishOptions): Promise<LocalTrack> {
    this.#check(source);
    return this.#publish(track, source, options);
  }

  #check(source: Source): void {
    if (!this.#grants().publish.includes(source)) throw new FairleadError("grant_missing");
    if (this.#local.tracks.has(source)) throw new FairleadError("producer_limit");
  }

  async #publish(track: MediaStreamTrack, source: Source, options: DeviceChoice): Promise<LocalTrack> {
    const stopsTrack = options.stopTrack ?? false;
    try {
      return await this.#local.publish({ track, source, options, stopsTrack });
    } catch (error) {
      if (stopsTrack) track.stop();
      throw error;
    }
  }
}
