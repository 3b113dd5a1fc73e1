import { FairleadError, KIND_OF_SOURCE, type MediaKind, type Source } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { DeviceChoice } from "../api/options.ts";
import type { LocalTrack } from "../api/tracks.ts";
import { askPatiently } from "../connection/ask-patiently.ts";
import type { SendCommand } from "../connection/session.ts";
import { Elements } from "../media/elements.ts";
import type { ProducerData } from "../media/transports.ts";
import { type CaptureStart, LocalCapture } from "./local-capture.ts";
import { TrackSender } from "./track-sender.ts";

type LocalTrackHandlers = {
  command: SendCommand;
  muted(byModerator: boolean): void;
  unmuted(): void;
  /** The moderator's mute is lifted. */
  unmuteAllowed(): void;
  deviceEnded(): void;
};

export type LocalTrackInit = {
  source: Source;
  options: DeviceChoice;
  start: CaptureStart;
};

/** A published track. It outlives producers: after a move it is bound to a new one. */
export class LocalMediaTrack implements LocalTrack {
  readonly source: Source;
  readonly options: DeviceChoice;
  readonly #handlers: LocalTrackHandlers;
  readonly #elements = new Elements();
  readonly #capture: LocalCapture;
  #sender: TrackSender | null = null;
  /** Of a former place of the room, which goes on for a while. */
  #formerSenders: TrackSender[] = [];
  /** By the user or a moderator. While a device opens for an unmute, the track is still muted. */
  #isMuted: boolean;
  /** The user's last word. */
  #wantsMuted: boolean;
  #isMutedByModerator = false;
  /** As the app and the node were last told. */
  #toldMuted: boolean;

  constructor(
    { source, options, start }: LocalTrackInit,
    isMutedByModerator: boolean,
    handlers: LocalTrackHandlers,
  ) {
    this.source = source;
    this.options = options;
    this.#handlers = handlers;
    this.#capture = new LocalCapture({
      source,
      options,
      start,
      handlers: {
        replaced: (before) => this.#handleReplaced(before),
        deviceEnded: () => handlers.deviceEnded(),
        lost: () => this.#handleLost(),
      },
    });
    this.#isMutedByModerator = isMutedByModerator;
    this.#isMuted = start.state === "closed" || isMutedByModerator || (options.muted ?? false);
    this.#wantsMuted = this.#isMuted;
    if (this.#isMuted) this.#silence();
    this.#toldMuted = this.isMuted;
  }

  get kind(): MediaKind {
    return KIND_OF_SOURCE[this.source];
  }

  get mediaStreamTrack(): MediaStreamTrack {
    return this.#capture.track;
  }

  /** A track that the app has disabled counts as muted. */
  get isMuted(): boolean {
    return this.#isMuted || (this.#capture.isOpen && !this.#capture.track.enabled);
  }

  get isMutedByModerator(): boolean {
    return this.#isMutedByModerator;
  }

  /** Undefined while no session has taken it. */
  get producerId(): string | undefined {
    return this.#sender?.producer.id;
  }

  /**
   * Makes a producer. An app's own track is sent only by a bound one: until then a disabled copy stands in, so that a mute
   * in the meantime lets nothing out.
   */
  async produceWith<P>(produce: (track: MediaStreamTrack) => Promise<P>): Promise<P> {
    const { track, isOurs } = this.#capture;
    if (isOurs) return await produce(track);
    const copy = track.clone();
    copy.enabled = false;
    try {
      return await produce(copy);
    } finally {
      copy.stop();
    }
  }

  /** Takes a producer that was announced as `paused`. */
  bind(producer: types.Producer<ProducerData>): void {
    this.#sender = new TrackSender(producer, this.options.encodings === undefined);
    this.#send();
    this.#sender.checkSize();
    // The app has disabled or enabled it since the last look; from here on, app and node know the same.
    if (this.isMuted !== this.#toldMuted) this.#tellApp(false);
    // The track was muted or unmuted while the producer was on its way.
    if (producer.appData.paused !== this.isMuted) void this.#tellNode().catch(() => {});
  }

  /** Its session is gone, and its producer with it; or that goes on until the room's former place has ended. */
  unbind(): void {
    this.#formerSenders = this.#senders.filter(({ producer }) => !producer.closed);
    this.#sender = null;
  }

  /** A track that a moderator muted stays muted until its own user unmutes it: others can't put anybody on air. */
  handleMutedByModerator(isMuted: boolean): void {
    if (this.#isMutedByModerator === isMuted) return;
    this.#isMutedByModerator = isMuted;
    if (isMuted) this.#becomeMuted(true);
    else this.#handlers.unmuteAllowed();
  }

  /** The browser tells nobody that an app has disabled or enabled a track, or that its size has changed: to be called often. */
  checkTrack(): void {
    this.#sender?.checkSize();
    if (this.isMuted === this.#toldMuted) return;
    this.#tellApp(false);
    void this.#tellNode().catch(() => {});
  }

  /** The local half changes at once; a node that can't be reached hears of it with the next session. */
  async mute(): Promise<void> {
    this.#wantsMuted = true;
    // An unmute may be opening the device.
    if (this.#isMuted) return this.#silence();
    this.#becomeMuted(false);
    await this.#tellNode();
  }

  async unmute(): Promise<void> {
    if (this.#isMutedByModerator) throw new FairleadError("muted_by_moderator");
    this.#wantsMuted = false;
    // Before the device is open, which takes this over: what the app disables from now on, stays so.
    this.#capture.track.enabled = true;
    try {
      await this.#capture.open();
    } catch (error) {
      this.#wantsMuted = true;
      this.#silence();
      throw error;
    }
    if (this.#wantsMuted || !this.#capture.isOpen) return;
    this.#isMuted = false;
    this.#send();
    if (this.isMuted === this.#toldMuted) return;
    this.#tellApp(false);
    await this.#tellNode();
  }

  async switchDevice(deviceId: string): Promise<void> {
    if (this.source !== "microphone" && this.source !== "camera") {
      throw new FairleadError("invalid_request", { message: "a screen has no device to switch" });
    }
    await this.#capture.switchTo(deviceId);
  }

  attach(element?: HTMLMediaElement): HTMLMediaElement {
    const target = this.#elements.add(this.mediaStreamTrack, element);
    target.muted = true;
    target.play().catch(() => {
      // Muted elements may play; an AbortError means that it was given something else meanwhile.
    });
    return target;
  }

  detach(element?: HTMLMediaElement): HTMLMediaElement[] {
    return this.#elements.remove(this.mediaStreamTrack, element);
  }

  close(): void {
    this.detach();
    for (const { producer } of this.#senders) producer.close();
    this.#capture.close();
  }

  #becomeMuted(byModerator: boolean): void {
    this.#isMuted = true;
    this.#wantsMuted = true;
    this.#silence();
    this.#tellApp(byModerator);
  }

  /** Sends nothing, and shows the user that the device is idle or closed. An app's own track goes on elsewhere. */
  #silence(): void {
    if (this.#capture.isOurs) this.#capture.track.enabled = false;
    this.#send();
    this.#capture.release();
  }

  #send(): void {
    const sent = this.#isMuted || !this.#capture.isOpen ? null : this.#capture.track;
    for (const sender of this.#senders) sender.send(sent);
  }

  get #senders(): TrackSender[] {
    return this.#sender ? [...this.#formerSenders, this.#sender] : this.#formerSenders;
  }

  #handleReplaced(before: MediaStreamTrack): void {
    const { track, isOpen } = this.#capture;
    // The app may have disabled the one before: a switch of devices puts nobody on air.
    track.enabled = before.enabled && !(isOpen && this.#wantsMuted);
    this.#elements.replace(before, track);
    this.#send();
  }

  #handleLost(): void {
    this.#becomeMuted(false);
    void this.#tellNode().catch(() => {});
  }

  #tellApp(byModerator: boolean): void {
    this.#toldMuted = this.isMuted;
    if (this.isMuted) this.#handlers.muted(byModerator);
    else this.#handlers.unmuted();
  }

  async #tellNode(): Promise<void> {
    const { producerId } = this;
    if (!producerId) return;
    try {
      await askPatiently(() => {
        const name = this.isMuted ? "producer.pause" : "producer.resume";
        return this.producerId === producerId ? this.#handlers.command(name, { producerId }) : undefined;
      });
    } catch (error) {
      if (!(error instanceof FairleadError) || error.code === "room_moved") return;
      // The event that says so came before or comes after; only events tell when it is lifted.
      if (error.code === "muted_by_moderator") this.#becomeMuted(true);
      throw error;
    }
  }
}
