import { FairleadError, type ProducerInfo, type Source } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { RoomEvents } from "../api/events.ts";
import type { SendCommand } from "../connection/session.ts";
import type { PeerTransports } from "../media/transports.ts";
import type { TypedEmitter } from "../typed-emitter.ts";
import { chooseEncoding } from "./encodings.ts";
import { LocalMediaTrack, type LocalTrackInit } from "./local-media-track.ts";

type LocalTracksOptions = {
  emitter: TypedEmitter<RoomEvents>;
  command: SendCommand;
  device: () => types.Device;
  isMutedByModerator: (source: Source) => boolean;
};

/** The tracks that this peer publishes. After a move they are published again, in the same state. */
export class LocalTracks {
  readonly tracks = new Map<Source, LocalMediaTrack>();
  readonly #options: LocalTracksOptions;
  #transports = nextTransports();

  constructor(options: LocalTracksOptions) {
    this.#options = options;
  }

  /** @throws {FairleadError} `producer_limit`, and the node's refusals; the track is closed then. */
  async publish(init: Omit<LocalTrackInit, "handlers">): Promise<LocalMediaTrack> {
    if (this.tracks.has(init.source)) throw new FairleadError("producer_limit");
    const track = this.#create(init);
    this.tracks.set(init.source, track);
    try {
      await this.#produce(track);
    } catch (error) {
      this.#forget(track);
      throw error;
    }
    this.#options.emitter.emit("local_track.published", { track });
    return track;
  }

  async unpublish(source: Source): Promise<void> {
    const track = this.tracks.get(source);
    if (track) await this.#end(track, "unpublished");
  }

  /** A new session: what was published goes to it; what is being published finds it by itself. */
  handleJoined(transports: PeerTransports): void {
    this.#transports.resolve(transports);
    for (const track of this.tracks.values()) {
      if (!track.producerId) continue;
      track.unbind();
      this.#produce(track).catch(() => this.#finish(track, "refused"));
    }
  }

  /** The session is void, and the next one not there yet: what is published meanwhile waits for it. */
  handleSessionLost(): void {
    this.#transports = nextTransports();
  }

  handleMutedByModerator(source: Source, isMuted: boolean): void {
    this.tracks.get(source)?.handleMutedByModerator(isMuted);
  }

  /** The node closed a producer that we did not. */
  handleProducerClosed({ source, producerId }: ProducerInfo): void {
    const track = this.tracks.get(source);
    if (track?.producerId === producerId) this.#finish(track, "refused");
  }

  /** Closes what the node holds for us and we know nothing of, e.g. because its reply was given up. */
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
    for (const track of [...this.tracks.values()]) this.#forget(track);
  }

  #create(init: Omit<LocalTrackInit, "handlers">): LocalMediaTrack {
    const { command, emitter, isMutedByModerator } = this.#options;
    const track: LocalMediaTrack = new LocalMediaTrack({
      ...init,
      handlers: {
        command,
        muted: (byModerator) => emitter.emit("local_track.muted", { track, byModerator }),
        unmuted: () => emitter.emit("local_track.unmuted", { track }),
        unmuteAllowed: () => emitter.emit("local_track.unmute_allowed", { track }),
        deviceEnded: () => void this.#end(track, "device_ended").catch(() => {}),
      },
    });
    track.start(isMutedByModerator(init.source));
    return track;
  }

  /** Tries on with each new session until one takes the track or refuses it. */
  async #produce(track: LocalMediaTrack): Promise<void> {
    for (;;) {
      const transports = await this.#transports.promise;
      try {
        const appData = { source: track.source, paused: track.isMuted };
        const encoding = chooseEncoding(track.source, track.options, this.#options.device());
        const producer = await transports.produce({ track: track.mediaStreamTrack, appData, ...encoding });
        if (this.tracks.get(track.source) === track) track.bind(producer);
        else await this.#closeProducer(producer.id, producer);
        return;
      } catch (error) {
        if (this.tracks.get(track.source) !== track)
          throw new FairleadError("producer_not_found", { cause: error });
        if (!transports.isClosed && !isRoomMoved(error)) throw error;
      }
    }
  }

  async #end(track: LocalMediaTrack, reason: RoomEvents["local_track.ended"]["reason"]): Promise<void> {
    const { producerId } = track;
    this.#finish(track, reason);
    if (producerId) await this.#closeProducer(producerId);
  }

  #finish(track: LocalMediaTrack, reason: RoomEvents["local_track.ended"]["reason"]): void {
    if (this.tracks.get(track.source) !== track) return;
    this.tracks.delete(track.source);
    // First, so that the app still finds its elements: `detach` tells them once.
    this.#options.emitter.emit("local_track.ended", { track, reason });
    track.close();
  }

  #forget(track: LocalMediaTrack): void {
    if (this.tracks.get(track.source) === track) this.tracks.delete(track.source);
    track.close();
  }

  async #closeProducer(producerId: string, producer?: types.Producer): Promise<void> {
    producer?.close();
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
  // That the room ended is no news to those who do not wait.
  next.promise.catch(() => {});
  return next;
}

function isRoomMoved(error: unknown): boolean {
  return error instanceof FairleadError && error.code === "room_moved";
}
