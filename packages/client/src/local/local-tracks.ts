import { FairleadError, type ProducerInfo, type Source } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { RoomEvents } from "../api/events.ts";
import type { SendCommand } from "../connection/session.ts";
import type { PeerTransports, ProducerData } from "../media/transports.ts";
import type { TypedEmitter } from "../typed-emitter.ts";
import { chooseEncoding } from "./encodings.ts";
import { LocalMediaTrack, type LocalTrackInit } from "./local-media-track.ts";
import { sizeOf } from "./simulcast-layers.ts";

/** An app that disables its track to be silent for a moment expects to be heard at once when it enables it. */
const CHECK_TRACKS_MS = 100;

type LocalTracksOptions = {
  emitter: TypedEmitter<RoomEvents>;
  command: SendCommand;
  device: () => types.Device;
  isMutedByModerator: (source: Source) => boolean;
};

type EndReason = RoomEvents["local_track.ended"]["reason"];

/** The tracks that this peer publishes. After a move they are published again, in the same state. */
export class LocalTracks {
  readonly tracks = new Map<Source, LocalMediaTrack>();
  readonly #options: LocalTracksOptions;
  /** Per source the node makes and closes one producer after the other: it refuses a second beside the first. */
  readonly #turns = new Map<Source, Promise<unknown>>();
  /** Those that the app knows of. */
  readonly #published = new WeakSet<LocalMediaTrack>();
  #transports = nextTransports();
  #checking: ReturnType<typeof setInterval> | undefined;

  constructor(options: LocalTracksOptions) {
    this.#options = options;
  }

  /** @throws {FairleadError} `producer_limit`, and the node's refusals; the track is closed then. */
  async publish(init: LocalTrackInit): Promise<LocalMediaTrack> {
    if (this.tracks.has(init.source)) throw new FairleadError("producer_limit");
    const track = this.#create(init);
    this.tracks.set(init.source, track);
    this.#checking ??= setInterval(() => this.#checkTracks(), CHECK_TRACKS_MS);
    try {
      await this.#produce(track);
    } catch (error) {
      this.#forget(track);
      throw error;
    }
    this.#published.add(track);
    this.#options.emitter.emit("local_track.published", { track });
    return track;
  }

  /** Does nothing to a track that has ended already. */
  async end(track: LocalMediaTrack, reason: EndReason): Promise<void> {
    const { producerId, source } = track;
    const isCurrent = this.tracks.get(source) === track;
    this.#finish(track, reason);
    if (isCurrent && producerId) await this.#inTurn(source, () => this.#closeProducer(producerId));
  }

  /** A new session: tracks that were published go to it; those on their way find it by themselves. */
  handleJoined(transports: PeerTransports): void {
    this.#transports.resolve(transports);
    for (const track of this.tracks.values()) {
      if (!track.producerId) continue;
      track.unbind();
      this.#produce(track).catch(() => this.#finish(track, endReasonOf(track)));
    }
  }

  /** Whatever was published is so in the present session. */
  get isSettled(): boolean {
    return [...this.tracks.values()].every((track) => track.producerId || !this.#published.has(track));
  }

  /** The session is void, and the next one not there yet: tracks that are published meanwhile wait for it. */
  handleSessionLost(): void {
    this.#transports = nextTransports();
  }

  handleMutedByModerator(source: Source, isMuted: boolean): void {
    this.tracks.get(source)?.handleMutedByModerator(isMuted);
  }

  isMutedByModerator(source: Source): boolean {
    return this.#options.isMutedByModerator(source);
  }

  /** The node closed a producer that we did not. */
  handleProducerClosed({ source, producerId }: ProducerInfo): void {
    const track = this.tracks.get(source);
    if (track?.producerId === producerId) this.#finish(track, "refused");
  }

  /** Closes producers that the node has of us and we know nothing of, e.g. because we gave up waiting for its reply. */
  closeOrphans(own: readonly ProducerInfo[]): void {
    for (const { source, producerId } of own) {
      const track = this.tracks.get(source);
      const isOnItsWay = track !== undefined && track.producerId === undefined;
      if (!isOnItsWay && track?.producerId !== producerId) this.#closeProducer(producerId).catch(() => {});
    }
  }

  close(error: FairleadError): void {
    this.#transports.reject(error);
    this.#transports = nextTransports();
    this.#transports.reject(error);
    for (const track of [...this.tracks.values()]) {
      if (this.#published.has(track)) this.#finish(track, "room_ended");
      else this.#forget(track);
    }
  }

  #create(init: LocalTrackInit): LocalMediaTrack {
    const { command, emitter } = this.#options;
    const isMutedByModerator = this.isMutedByModerator(init.source);
    const track: LocalMediaTrack = new LocalMediaTrack(init, isMutedByModerator, {
      command,
      muted: (byModerator) => emitter.emit("local_track.muted", { track, byModerator }),
      unmuted: () => emitter.emit("local_track.unmuted", { track }),
      unmuteAllowed: () => emitter.emit("local_track.unmute_allowed", { track }),
      deviceEnded: () => void this.end(track, "device_ended").catch(() => {}),
    });
    return track;
  }

  #produce(track: LocalMediaTrack): Promise<void> {
    return this.#inTurn(track.source, () => this.#produceSomewhere(track));
  }

  /** Tries on with each new session until one takes the track or refuses it. */
  async #produceSomewhere(track: LocalMediaTrack): Promise<void> {
    for (;;) {
      const transports = await this.#transports.promise;
      if (!this.#isCurrent(track)) throw endedMeanwhile();
      try {
        const producer = await this.#produceOn(transports, track);
        if (this.#isCurrent(track)) return track.bind(producer);
        producer.close();
        await this.#closeProducer(producer.id);
        throw endedMeanwhile();
      } catch (error) {
        if (!this.#isCurrent(track)) throw endedMeanwhile(error);
        if (!transports.isClosed && !isRoomMoved(error)) throw error;
      }
    }
  }

  #produceOn(transports: PeerTransports, track: LocalMediaTrack): Promise<types.Producer<ProducerData>> {
    const size = sizeOf(track.mediaStreamTrack);
    const encoding = chooseEncoding(track.source, track.options, this.#options.device(), size);
    const appData = { source: track.source, paused: track.isMuted };
    return track.produceWith((sent) => transports.produce({ track: sent, appData, ...encoding }));
  }

  #isCurrent(track: LocalMediaTrack): boolean {
    return this.tracks.get(track.source) === track;
  }

  #finish(track: LocalMediaTrack, reason: EndReason): void {
    if (!this.#isCurrent(track)) return;
    this.tracks.delete(track.source);
    // First, so that the app still finds its elements: `detach` tells them once.
    this.#options.emitter.emit("local_track.ended", { track, reason });
    track.close();
    // The sound of a screen ends with its picture.
    const sound = track.source === "screen" && this.tracks.get("screen_audio");
    if (sound) void this.end(sound, reason).catch(() => {});
  }

  #forget(track: LocalMediaTrack): void {
    if (this.#isCurrent(track)) this.tracks.delete(track.source);
    track.close();
  }

  #checkTracks(): void {
    for (const track of this.tracks.values()) track.checkTrack();
    if (this.tracks.size > 0) return;
    clearInterval(this.#checking);
    this.#checking = undefined;
  }

  #inTurn<T>(source: Source, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(source) ?? Promise.resolve()).then(work);
    this.#turns.set(
      source,
      turn.catch(() => {}),
    );
    return turn;
  }

  async #closeProducer(producerId: string): Promise<void> {
    try {
      await this.#options.command("producer.close", { producerId });
    } catch (error) {
      // With its session or by itself: it is closed either way.
      const isGone =
        isRoomMoved(error) || (error instanceof FairleadError && error.code === "producer_not_found");
      if (!isGone) throw error;
    }
  }
}

function nextTransports(): PromiseWithResolvers<PeerTransports> {
  const next = Promise.withResolvers<PeerTransports>();
  // Nobody may be waiting when the room ends.
  next.promise.catch(() => {});
  return next;
}

function endedMeanwhile(cause?: unknown): FairleadError {
  return new FairleadError("producer_not_found", {
    message: "the track ended before it was published",
    cause,
  });
}

function endReasonOf({ mediaStreamTrack }: LocalMediaTrack): EndReason {
  return mediaStreamTrack.readyState === "ended" ? "device_ended" : "refused";
}

function isRoomMoved(error: unknown): boolean {
  return error instanceof FairleadError && error.code === "room_moved";
}
