import { DATA_MESSAGE_LIMIT_BYTES, FairleadError, type ResourceOwner } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { RunningWorker } from "../worker/start-worker.ts";
import { bothOrNone } from "./both-or-none.ts";
import { PayloadTypeSeats } from "./payload-type-seats.ts";

/** Where bandwidth estimation starts, bits/s: enough for one camera at medium size, before feedback tells more. */
const INITIAL_OUTGOING_BPS = 1_000_000;
/** How often levels are told, ms. */
const LEVELS_INTERVAL_MS = 500;
/** Quieter than this is silence, dBov. */
const SILENCE_DBOV = -60;
/** As many of the loudest microphones are told of. */
export const LOUDEST = 8;

type SpeakerObservers = { levels: types.AudioLevelObserver; speaker: types.ActiveSpeakerObserver };

type TransportOptions = {
  /** Whether data goes over it too. */
  enableSctp?: boolean;
  /** What its client got lately, bits/s. */
  receivedBps?: number | undefined;
};

/** `send`: null of a viewer. */
export type PeerTransports = { send: types.WebRtcTransport | null; receive: types.WebRtcTransport };

export type SeatOwner = Required<Pick<ResourceOwner, "core" | "roomId">>;

export type Level = { producer: types.Producer; volumeDbov: number };

export type SeatListener = {
  /** The loudest microphones of the seat, the loudest first; none of them: silence. */
  onLevels: (levels: readonly Level[]) => void;
  onDominantSpeaker: (producer: types.Producer) => void;
};

/** A room's router on one core, which the media of its peers sits on. */
export class Seat {
  readonly owner: SeatOwner;
  readonly router: types.Router;
  /** Of receivers with payload types of their own. They are of the same core, and go with it. */
  readonly payloadTypeSeats: PayloadTypeSeats<Seat>;
  readonly #webRtcServer: types.WebRtcServer;
  #listener: SeatListener | null = null;
  /** Made for the first microphone: in rooms without one their timers and memory would serve nobody. */
  #observers: Promise<SpeakerObservers> | null = null;
  readonly #observerIds = new Set<string>();
  /** Transports of peers, publishers and viewers: the room's own pipes alone serve nobody here. */
  #transports = 0;

  private constructor(owner: SeatOwner, router: types.Router, running: RunningWorker) {
    this.owner = owner;
    this.router = router;
    this.#webRtcServer = running.webRtcServer;
    this.payloadTypeSeats = new PayloadTypeSeats((mediaCodecs) => this.#openBeside(running, mediaCodecs));
    router.observer.on("newrtpobserver", ({ id }) => this.#observerIds.add(id));
    router.observer.on("newtransport", (transport) => this.#count(transport));
  }

  /** @throws What mediasoup rejects with, if the worker dies meanwhile. */
  static async open(
    running: RunningWorker,
    mediaCodecs: types.RouterRtpCodecCapability[],
    owner: SeatOwner,
  ): Promise<Seat> {
    const router = await running.worker.createRouter({ mediaCodecs, appData: { owner } });
    return new Seat(owner, router, running);
  }

  get core(): number {
    return this.owner.core;
  }

  /** It was closed, or its worker died. */
  get closed(): boolean {
    return this.router.closed;
  }

  /** Nobody sits on it. */
  get isEmpty(): boolean {
    return this.#transports === 0 && this.payloadTypeSeats.all.every(({ isEmpty }) => isEmpty);
  }

  listen(listener: SeatListener): void {
    this.#listener = listener;
  }

  /** From now on the listener hears of this microphone. */
  async observe({ id: producerId }: types.Producer): Promise<void> {
    this.#observers ??= this.#openObservers().catch((error: unknown) => {
      this.#observers = null;
      throw error;
    });
    const { levels, speaker } = await this.#observers;
    await Promise.all([levels.addProducer({ producerId }), speaker.addProducer({ producerId })]);
  }

  /** Both transports of a peer, at once: one round trip to the worker. */
  async openTransports(owner: ResourceOwner, options: TransportOptions = {}): Promise<PeerTransports> {
    const [send, receive] = await bothOrNone(this.openTransport(owner), this.openTransport(owner, options));
    return { send, receive };
  }

  openTransport(
    owner: ResourceOwner,
    { enableSctp = true, receivedBps = 0 }: TransportOptions = {},
  ): Promise<types.WebRtcTransport> {
    return this.router.createWebRtcTransport({
      webRtcServer: this.#webRtcServer,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      enableSctp,
      maxReceiveMessageSize: DATA_MESSAGE_LIMIT_BYTES,
      initialAvailableOutgoingBitrate: Math.max(INITIAL_OUTGOING_BPS, receivedBps),
      appData: { owner },
    });
  }

  canConsume({ id: producerId }: types.Producer, rtpCapabilities: types.RtpCapabilities): boolean {
    try {
      return this.router.canConsume({ producerId, rtpCapabilities });
    } catch {
      // Capabilities that mediasoup can't read decode nothing.
      return false;
    }
  }

  /** Whether a router or observer is this seat's. */
  has(id: string): boolean {
    if (this.router.id === id || this.#observerIds.has(id)) return true;
    return this.payloadTypeSeats.all.some((seat) => seat.has(id));
  }

  /** Closes what is on it too. Idempotent. */
  close(): void {
    this.router.close();
    this.payloadTypeSeats.close();
  }

  /** @throws {FairleadError} `lease_lost`: this seat went meanwhile. */
  async #openBeside(running: RunningWorker, mediaCodecs: types.RouterRtpCodecCapability[]): Promise<Seat> {
    try {
      const seat = await Seat.open(running, mediaCodecs, this.owner);
      if (!this.closed) return seat;
      seat.close();
    } catch (error) {
      if (!this.closed) throw error;
    }
    throw new FairleadError("lease_lost");
  }

  #count({ type, appData, observer }: types.Transport): void {
    if (type === "pipe" && (appData.owner as ResourceOwner).publisherId === undefined) return;
    this.#transports += 1;
    observer.once("close", () => {
      this.#transports -= 1;
    });
  }

  /** Observers of the audio levels and the dominant speaker of the router's microphones. */
  async #openObservers(): Promise<SpeakerObservers> {
    const appData = { owner: this.owner };
    const [levels, speaker] = await bothOrNone(
      this.router.createAudioLevelObserver({
        maxEntries: LOUDEST,
        threshold: SILENCE_DBOV,
        interval: LEVELS_INTERVAL_MS,
        appData,
      }),
      this.router.createActiveSpeakerObserver({ appData }),
    );
    // mediasoup does not close what is made while its router closes.
    if (this.closed) {
      for (const observer of [levels, speaker]) observer.close();
      throw new Error("the router closed meanwhile");
    }
    levels.on("volumes", (volumes) =>
      this.#listener?.onLevels(volumes.map(({ producer, volume }) => ({ producer, volumeDbov: volume }))),
    );
    levels.on("silence", () => this.#listener?.onLevels([]));
    speaker.on("dominantspeaker", ({ producer }) => this.#listener?.onDominantSpeaker(producer));
    return { levels, speaker };
  }
}
