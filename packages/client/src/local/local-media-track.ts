import { FairleadError, KIND_OF_SOURCE, type MediaKind, type Source } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { DeviceChoice } from "../api/options.ts";
import type { LocalTrack } from "../api/tracks.ts";
import type { SendCommand } from "../connection/session.ts";
import { Elements } from "../media/elements.ts";
import type { ProducerData } from "../media/transports.ts";
import { captureDevice } from "./capture.ts";

export type LocalTrackHandlers = {
  command: SendCommand;
  muted(byModerator: boolean): void;
  unmuted(): void;
  /** The moderator's mute is lifted. */
  unmuteAllowed(): void;
  deviceEnded(): void;
};

export type LocalTrackInit = {
  source: Source;
  track: MediaStreamTrack;
  options: DeviceChoice;
  /** Stop the browser's track at the end. */
  stopsTrack: boolean;
  handlers: LocalTrackHandlers;
};

/** A published track. It outlives producers: after a move it is bound to a new one. */
export class LocalMediaTrack implements LocalTrack {
  readonly source: Source;
  readonly options: DeviceChoice;
  readonly #handlers: LocalTrackHandlers;
  readonly #elements = new Elements();
  #track: MediaStreamTrack;
  #stopsTrack: boolean;
  #producer: types.Producer<ProducerData> | null = null;
  #isMuted: boolean;
  #isMutedByModerator = false;

  constructor({ source, track, options, stopsTrack, handlers }: LocalTrackInit) {
    this.source = source;
    this.options = options;
    this.#track = track;
    this.#stopsTrack = stopsTrack;
    this.#handlers = handlers;
    this.#isMuted = options.muted ?? false;
    this.#watchTrack();
  }

  get kind(): MediaKind {
    return KIND_OF_SOURCE[this.source];
  }

  get mediaStreamTrack(): MediaStreamTrack {
    return this.#track;
  }

  get isMuted(): boolean {
    return this.#isMuted;
  }

  get isMutedByModerator(): boolean {
    return this.#isMutedByModerator;
  }

  /** Undefined while no session has taken it. */
  get producerId(): string | undefined {
    return this.#producer?.id;
  }

  /** Before the first producer: the browser's track takes on the state. */
  start(isMutedByModerator: boolean): void {
    this.#isMutedByModerator = isMutedByModerator;
    this.#isMuted ||= isMutedByModerator;
    this.#applyMute();
  }

  /** Its session is gone, and its producer with it. */
  unbind(): void {
    this.#producer = null;
  }

  /** Takes a producer that was announced as `paused`. */
  bind(producer: types.Producer<ProducerData>): void {
    this.#producer = producer;
    // Muted or switched while the producer was on its way.
    if (producer.appData.paused !== this.isMuted) void this.#tellNode().catch(() => {});
    if (producer.track !== this.#track) void producer.replaceTrack({ track: this.#track }).catch(() => {});
    this.#applyMute();
  }

  /** A track that a moderator muted stays muted until its own user unmutes it: others can't put anybody on air. */
  handleMutedByModerator(isMuted: boolean): void {
    if (this.#isMutedByModerator === isMuted) return;
    this.#isMutedByModerator = isMuted;
    if (isMuted) this.#takeModeratorsMute();
    else this.#handlers.unmuteAllowed();
  }

  async mute(): Promise<void> {
    if (!this.#isMuted) await this.#setMuted(true);
  }

  async unmute(): Promise<void> {
    if (this.#isMutedByModerator) throw new FairleadError("muted_by_moderator");
    if (this.#isMuted) await this.#setMuted(false);
  }

  async switchDevice(deviceId: string): Promise<void> {
    if (this.source !== "microphone" && this.source !== "camera") {
      throw new FairleadError("invalid_request", { message: "a screen has no device to switch" });
    }
    const { constraints } = this.options;
    await this.#replaceTrack(await captureDevice(this.source, { deviceId, constraints }));
  }

  attach(element?: HTMLMediaElement): HTMLMediaElement {
    const target = this.#elements.add(this.#track, element);
    target.muted = true;
    target.play().catch(() => {
      // Muted elements may play; an AbortError means that it was given something else meanwhile.
    });
    return target;
  }

  detach(element?: HTMLMediaElement): HTMLMediaElement[] {
    return this.#elements.remove(this.#track, element);
  }

  close(): void {
    this.#unwatchTrack();
    this.detach();
    this.#producer?.close();
    if (this.#stopsTrack) this.#track.stop();
  }

  /** The local half changes at once; a node that can't be reached hears of it with the next session. */
  async #setMuted(isMuted: boolean): Promise<void> {
    this.#isMuted = isMuted;
    this.#applyMute();
    if (isMuted) this.#handlers.muted(false);
    else this.#handlers.unmuted();
    await this.#tellNode();
  }

  async #tellNode(): Promise<void> {
    const producerId = this.#producer?.id;
    if (!producerId) return;
    try {
      await this.#handlers.command(this.isMuted ? "producer.pause" : "producer.resume", { producerId });
    } catch (error) {
      if (!(error instanceof FairleadError) || error.code === "room_moved") return;
      // The event that says so came before or comes after; only events tell when it is lifted.
      if (error.code === "muted_by_moderator") this.#takeModeratorsMute();
      throw error;
    }
  }

  #takeModeratorsMute(): void {
    this.#isMuted = true;
    this.#applyMute();
    this.#handlers.muted(true);
  }

  /** A muted track sends nothing, and the browser shows that its device is idle. */
  #applyMute(): void {
    this.#track.enabled = !this.isMuted;
    if (!this.#producer || this.#producer.closed) return;
    if (this.isMuted) this.#producer.pause();
    else this.#producer.resume();
  }

  async #replaceTrack(next: MediaStreamTrack): Promise<void> {
    const before = this.#track;
    next.enabled = !this.isMuted;
    try {
      if (this.#producer && !this.#producer.closed) await this.#producer.replaceTrack({ track: next });
    } catch (error) {
      next.stop();
      throw error;
    }
    this.#unwatchTrack();
    if (this.#stopsTrack) before.stop();
    this.#stopsTrack = true;
    this.#track = next;
    this.#watchTrack();
    this.#elements.replace(before, next);
  }

  #watchTrack(): void {
    this.#track.addEventListener("ended", this.#handleEnded);
  }

  #unwatchTrack(): void {
    this.#track.removeEventListener("ended", this.#handleEnded);
  }

  readonly #handleEnded = (): void => this.#handlers.deviceEnded();
}
