import { KIND_OF_SOURCE, type Source } from "@fairlead/protocol";
import type { DeviceChoice } from "../api/options.ts";
import { captureDevice, type DeviceSource } from "./capture.ts";
import { createStandIn } from "./stand-in.ts";

export type CaptureStart =
  /** `isOurs`: the SDK opened the track, or was given it for good. Else the SDK neither disables nor stops it. */
  | { state: "open"; track: MediaStreamTrack; isOurs: boolean }
  /** Muted from the start: `track` stands in for a device that is not open. */
  | { state: "closed"; track: MediaStreamTrack };

/** A choice of the user's. `failure`: the last try to open this device failed. */
type Choice = { readonly deviceId: string | undefined; failure?: { error: unknown } };

type CaptureState =
  | { state: "open"; track: MediaStreamTrack; isOurs: boolean; choice: Choice }
  | { state: "closed"; track: MediaStreamTrack }
  /** The device of `before` is closed for a moment: the system opens only one at a time. */
  | { state: "switching"; track: MediaStreamTrack; before: Choice }
  | { state: "ended"; track: MediaStreamTrack };

type CaptureHandlers = {
  /** Another track is there from now on. */
  replaced(before: MediaStreamTrack): void;
  /** The device is unplugged, or the user stopped sharing. */
  deviceEnded(): void;
  /** Neither the new device nor the one before it could be opened: the source has to be muted. */
  lost(): void;
};

type LocalCaptureOptions = {
  source: Source;
  options: DeviceChoice;
  start: CaptureStart;
  handlers: CaptureHandlers;
};

/**
 * The device behind a local track. The user's last choice wins: a device that opens too late for it is closed again, and a
 * call that a later one overtook resolves without effect.
 */
export class LocalCapture {
  readonly #options: LocalCaptureOptions;
  #state: CaptureState;
  #choice: Choice;
  #wantsDevice: boolean;
  #lastDeviceId: string | undefined;
  #opening: Promise<void> | null = null;

  constructor(options: LocalCaptureOptions) {
    const { start } = options;
    this.#options = options;
    this.#choice = { deviceId: options.options.deviceId };
    this.#state = start.state === "open" ? { ...start, choice: this.#choice } : start;
    this.#wantsDevice = start.state === "open";
    this.#watch();
  }

  get track(): MediaStreamTrack {
    return this.#state.track;
  }

  get isOpen(): boolean {
    return this.#state.state === "open";
  }

  /** The SDK may disable and stop the present track. */
  get isOurs(): boolean {
    return this.#state.state !== "open" || this.#state.isOurs;
  }

  /**
   * Opens the device, unless it is open.
   * @throws {DOMException} Of `getUserMedia`; the device is then closed as before.
   */
  async open(): Promise<void> {
    this.#wantsDevice = true;
    await this.#settle();
    if (this.#state.state === "closed" && this.#choice.failure) throw this.#choice.failure.error;
  }

  /** Closes the device of a track that was muted, if `stopOnMute` asks for it. */
  release(): void {
    const { source, options } = this.#options;
    const stopOnMute = options.stopOnMute ?? (source === "camera" && this.track !== options.track);
    if (!stopOnMute || !this.isOurs || this.#state.state === "ended") return;
    if (this.#state.state === "switching") this.#state = { state: "closed", track: this.#state.track };
    const standIn = this.#state.state === "open" && this.#createStandIn();
    // Where the browser can't make one, the device stays open and disabled.
    if (standIn) this.#become({ state: "closed", track: standIn });
    this.#wantsDevice = this.isOpen;
  }

  /**
   * Goes on with another device; while the device is closed, the choice holds for its next opening.
   * @throws {DOMException} Of `getUserMedia`; the device before it is then open again.
   */
  async switchTo(deviceId: string): Promise<void> {
    if (deviceId !== this.#choice.deviceId || this.#choice.failure) this.#choice = { deviceId };
    const choice = this.#choice;
    await this.#settle();
    if (choice.failure) throw choice.failure.error;
  }

  /** Idempotent. */
  close(): void {
    if (this.#state.state === "ended") return;
    this.#unwatch();
    if (this.isOurs) this.#state.track.stop();
    this.#state = { state: "ended", track: this.#state.track };
  }

  get #needsDevice(): boolean {
    if (this.#state.state === "ended" || !this.#wantsDevice) return false;
    return this.#state.state !== "open" || this.#state.choice !== this.#choice;
  }

  /** Calls made meanwhile share the work. */
  #settle(): Promise<void> {
    this.#opening ??= this.#openWanted().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #openWanted(): Promise<void> {
    while (this.#needsDevice) {
      const choice = this.#choice;
      choice.failure = undefined;
      try {
        const track = await this.#capture(choice);
        if (this.#needsDevice && this.#choice === choice)
          this.#become({ state: "open", track, isOurs: true, choice });
        else track.stop();
      } catch (error) {
        if (this.#choice === choice) this.#goBack(choice, error);
      }
    }
  }

  /** Beside the open device if the system can, else in place of it. */
  async #capture(choice: Choice): Promise<MediaStreamTrack> {
    const { source, options } = this.#options;
    const { constraints } = options;
    const capture = () =>
      captureDevice(source as DeviceSource, { deviceId: choice.deviceId, constraints }, this.#lastDeviceId);
    try {
      return await capture();
    } catch (error) {
      const isOvertaken = this.#choice !== choice || this.#state.state !== "open";
      if (isOvertaken || !isBusy(error) || !this.#makeWay()) throw error;
      return await capture();
    }
  }

  /** @returns False if the open device can't be closed. */
  #makeWay(): boolean {
    if (this.#state.state !== "open" || !this.#state.isOurs) return false;
    const standIn = this.#createStandIn();
    if (standIn) this.#become({ state: "switching", track: standIn, before: this.#state.choice });
    return standIn !== undefined;
  }

  /** `choice` could not be opened: the choice before it holds again, or the device stays closed. */
  #goBack(choice: Choice, error: unknown): void {
    const state = this.#state;
    choice.failure = { error };
    if (state.state === "open") this.#choice = state.choice;
    else if (state.state === "switching" && state.before !== choice) this.#choice = state.before;
    else if (state.state !== "ended") {
      this.#wantsDevice = false;
      this.#state = { state: "closed", track: state.track };
      if (state.state === "switching") this.#options.handlers.lost();
    }
  }

  #createStandIn(): MediaStreamTrack | undefined {
    const { width = 1280, height = 720 } = this.track.getSettings();
    return createStandIn(KIND_OF_SOURCE[this.#options.source], { width, height });
  }

  #become(next: CaptureState): void {
    const before = this.#state;
    this.#unwatch();
    this.#state = next;
    if (before.state === "open") this.#lastDeviceId = before.track.getSettings().deviceId;
    if (before.state !== "open" || before.isOurs) before.track.stop();
    this.#watch();
    this.#options.handlers.replaced(before.track);
  }

  #watch(): void {
    if (this.#state.state === "open") this.#state.track.addEventListener("ended", this.#handleEnded);
  }

  #unwatch(): void {
    this.#state.track.removeEventListener("ended", this.#handleEnded);
  }

  readonly #handleEnded = (): void => this.#options.handlers.deviceEnded();
}

/** The device, or the only one that the system opens at a time, is in use. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && ["NotReadableError", "AbortError"].includes(error.name);
}
