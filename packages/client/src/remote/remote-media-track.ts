import {
  FairleadError,
  KIND_OF_SOURCE,
  type MediaKind,
  type PreferredLayers,
  type Source,
} from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { RemotePeer, RemoteTrack } from "../api/tracks.ts";
import { askPatiently } from "../connection/ask-patiently.ts";
import type { SendCommand } from "../connection/session.ts";
import { Elements } from "../media/elements.ts";
import type { Playback } from "./playback.ts";
import type { Visibility } from "./visibility.ts";
import { whenPlaying } from "./when-playing.ts";
import type { Wishes } from "./wishes.ts";

export type RemoteTrackContext = {
  playback: Playback;
  visibility: Visibility;
  wishes: Wishes;
  pauseInvisibleVideo: boolean;
  command: SendCommand;
  /** It has changed whether somebody may see the track. */
  wantedChanged(consumerId: string, isWanted: boolean): void;
};

type Media = {
  consumerId: string;
  producerId: string;
  track: MediaStreamTrack;
  ssrc: number | undefined;
  spatialLayers: number;
};

/** A subscribed track of a remote peer. It outlives consumers: after a move it is bound to a new one. */
export class RemoteMediaTrack implements RemoteTrack {
  readonly peer: RemotePeer;
  readonly source: Source;
  readonly #context: RemoteTrackContext;
  readonly #elements = new Elements();
  readonly #visibleElements = new Set<HTMLMediaElement>();
  #media: Media;
  /** What elements show: in a move the track of the former place, until the next one plays. */
  #shown: MediaStreamTrack;
  #cancelSwap: (() => void) | null = null;
  #isBound = true;
  #isMuted = false;
  #wasAttached = false;

  constructor(peer: RemotePeer, source: Source, consumer: types.Consumer, context: RemoteTrackContext) {
    this.peer = peer;
    this.source = source;
    this.#media = mediaOf(consumer);
    this.#shown = consumer.track;
    this.#context = context;
    this.#tellPreferredLayers();
  }

  get kind(): MediaKind {
    return KIND_OF_SOURCE[this.source];
  }

  get producerId(): string {
    return this.#media.producerId;
  }

  get mediaStreamTrack(): MediaStreamTrack {
    return this.#shown;
  }

  /** Nothing of a former place is needed: the track plays from this one, or nobody sees or hears it now. */
  get isSettled(): boolean {
    return this.#isMuted || !this.isWanted || (this.#isBound && !this.#cancelSwap);
  }

  get spatialLayers(): number {
    return this.#media.spatialLayers;
  }

  get isMuted(): boolean {
    return this.#isMuted;
  }

  /** The consumer behind the track; undefined while a move goes on. */
  get consumerId(): string | undefined {
    return this.#isBound ? this.#media.consumerId : undefined;
  }

  get ssrc(): number | undefined {
    return this.#isBound ? this.#media.ssrc : undefined;
  }

  /** Video is wanted while somebody may see it. An app that never attaches it draws it in its own way. */
  get isWanted(): boolean {
    const { isVisible } = this.#context.wishes.of(this.peer.identity, this.source);
    if (isVisible !== undefined) return isVisible;
    if (this.kind === "audio" || !this.#context.pauseInvisibleVideo) return true;
    return this.#elements.size === 0 ? !this.#wasAttached : this.#visibleElements.size > 0;
  }

  /** Where media of a former place still plays, elements go on with it until that of `consumer` does. */
  bind(consumer: types.Consumer): void {
    this.#cancelSwap?.();
    this.#cancelSwap = null;
    this.#media = mediaOf(consumer);
    this.#isBound = true;
    const isPlaying = this.#shown.readyState === "live" && this.#elements.size > 0;
    if (isPlaying && !this.#isMuted && this.isWanted) this.#swapWhenPlaying(consumer.track);
    else this.swap();
    this.#tellPreferredLayers();
  }

  #swapWhenPlaying(track: MediaStreamTrack): void {
    let isReady = false;
    const cancel = whenPlaying(track, (helper) => {
      isReady = true;
      this.#swapUnheard(helper);
    });
    // A hidden page does not wait.
    if (!isReady) this.#cancelSwap = cancel;
  }

  /** An element that gets another picture starts anew, with the sound that it plays besides: that must not pause. */
  #swapUnheard(helper: HTMLMediaElement): void {
    const [sound] = this.kind === "video" ? this.#elements.soundsBeside(this.#shown) : [];
    this.#cancelSwap = null;
    if (sound) this.#cancelSwap = whenPlaying(sound, (playing) => this.swap(playing));
    else this.swap(this.kind === "audio" ? helper : undefined);
  }

  /** Elements show what this place sends, whether it plays yet or not. @param helper Plays their sound unheard. */
  swap(helper?: HTMLMediaElement): void {
    this.#cancelSwap?.();
    this.#cancelSwap = null;
    // Unbound it may play still, at a place that has gone on since.
    const isThere = this.#isBound || this.#media.track.readyState === "live";
    if (!isThere || this.#shown === this.#media.track) return;
    this.#elements.replace(this.#shown, this.#media.track, helper);
    this.#shown = this.#media.track;
    for (const element of this.#elements) void this.#context.playback.play(element);
  }

  /** Its consumer is gone; attached elements keep the last picture. */
  unbind(): void {
    this.#isBound = false;
    this.#cancelSwap?.();
    this.#cancelSwap = null;
  }

  /** For good. The media of a former place ends too. */
  close(): void {
    this.unbind();
    this.detach();
    if (this.#shown !== this.#media.track) this.#shown.stop();
  }

  /** @returns Whether that is news. */
  setMuted(isMuted: boolean): boolean {
    const isNews = this.#isMuted !== isMuted;
    this.#isMuted = isMuted;
    // The next track would not play before it is unmuted.
    if (isMuted && this.#cancelSwap) this.swap();
    return isNews;
  }

  attach(element?: HTMLMediaElement): HTMLMediaElement {
    const target = this.#elements.add(this.mediaStreamTrack, element);
    // Browsers let muted video play without a click, and an element without sound loses nothing by it.
    target.muted = !hasSound(target);
    void this.#context.playback.play(target);
    if (this.kind === "video") this.#watch(target);
    return target;
  }

  detach(element?: HTMLMediaElement): HTMLMediaElement[] {
    for (const target of element ? [element] : this.#elements) this.#unwatch(target);
    const emptied = this.#elements.remove(this.mediaStreamTrack, element);
    this.#reportWanted();
    return emptied;
  }

  setVisible(visible: boolean | undefined): void {
    this.#context.wishes.change(this.peer.identity, this.source, { isVisible: visible });
    this.#reportWanted();
  }

  async setPreferredLayers(spatialLayer: number, temporalLayer?: number): Promise<void> {
    const { wishes } = this.#context;
    const { consumerId } = this;
    const before = wishes.of(this.peer.identity, this.source).layers;
    const layers = { spatialLayer, temporalLayer };
    wishes.change(this.peer.identity, this.source, { layers });
    if (!consumerId) return;
    try {
      await this.#askForLayers(consumerId, layers);
    } catch (error) {
      // The next consumer is told.
      if (error instanceof FairleadError && error.code === "room_moved") return;
      wishes.change(this.peer.identity, this.source, { layers: before });
      throw error;
    }
  }

  #tellPreferredLayers(): void {
    const { layers } = this.#context.wishes.of(this.peer.identity, this.source);
    if (layers) this.#askForLayers(this.#media.consumerId, layers).catch(() => {});
  }

  /** Until the app wants others, or the consumer is another one. */
  async #askForLayers(consumerId: string, layers: PreferredLayers): Promise<void> {
    const { wishes, command } = this.#context;
    const isLatest = () =>
      this.consumerId === consumerId && wishes.of(this.peer.identity, this.source).layers === layers;
    await askPatiently(() =>
      isLatest() ? command("consumer.set_preferred_layers", { consumerId, ...layers }) : undefined,
    );
  }

  #watch(element: HTMLMediaElement): void {
    this.#wasAttached = true;
    // We take it for visible until the browser says otherwise, so that nobody waits for a picture.
    this.#visibleElements.add(element);
    this.#context.visibility.watch(element, (isVisible) => {
      if (isVisible) this.#visibleElements.add(element);
      else this.#visibleElements.delete(element);
      this.#reportWanted();
    });
    this.#reportWanted();
  }

  #unwatch(element: HTMLMediaElement): void {
    this.#context.playback.forget(element);
    this.#context.visibility.unwatch(element);
    this.#visibleElements.delete(element);
  }

  #reportWanted(): void {
    if (this.#isBound) this.#context.wantedChanged(this.#media.consumerId, this.isWanted);
  }
}

function hasSound({ srcObject }: HTMLMediaElement): boolean {
  return srcObject instanceof MediaStream && srcObject.getAudioTracks().length > 0;
}

function mediaOf({ id, producerId, track, rtpParameters }: types.Consumer): Media {
  const [encoding] = rtpParameters.encodings ?? [];
  // `L3T1`, say: mediasoup names the layers of simulcast so, too.
  const spatialLayers = Number(/^[LS](\d)/.exec(encoding?.scalabilityMode ?? "")?.[1] ?? 1);
  return { consumerId: id, producerId, track, ssrc: encoding?.ssrc, spatialLayers };
}
