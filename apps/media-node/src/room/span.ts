import { FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { PipeReach } from "./pipe-end.ts";
import type { Piped } from "./piped.ts";
import { Pipes } from "./pipes.ts";
import type { Seat } from "./seat.ts";

export type SpanOptions = {
  /** Opens a router for the room on that core. @throws {FairleadError} `lease_lost` when its worker is away. */
  openSeat: (core: number) => Promise<Seat>;
  onOpened: (seat: Seat) => void;
  /** Its worker died, or nobody used it. */
  onGone: (seat: Seat) => void;
  pipeReach: PipeReach;
  now: () => number;
  onError: (error: unknown) => void;
};

/** After this time without anybody on it a guest's seat gives its router back. */
const UNUSED_MS = 30_000;

type Origin = types.Producer | types.DataProducer;

/** Where a producer can be consumed: the producer's id there, and the pipe that it came through. */
export type Supply = { id: string; piped: Piped | null };

/** The seats of a room, one to a core, and the pipes between them. */
export class Span {
  readonly #options: SpanOptions;
  readonly #seats = new Map<number, Seat>();
  readonly #opening = new Map<number, Promise<Seat>>();
  /** When somebody was last known to sit on it, or to be about to. */
  readonly #usedAtMs = new WeakMap<Seat, number>();
  readonly #pipes: Pipes;
  #home: Seat;
  #isClosed = false;

  constructor(home: Seat, options: SpanOptions) {
    this.#options = options;
    const { pipeReach: reach, now, onError } = options;
    this.#pipes = new Pipes({ reach, now, onError });
    this.#home = home;
    this.#add(home);
  }

  /** On the core that the lease names. */
  get home(): Seat {
    return this.#home;
  }

  get seats(): readonly Seat[] {
    return [...this.#seats.values()];
  }

  /**
   * The seat on that core; it is opened if there is none.
   * @throws {FairleadError} `lease_lost` when the room or the core's worker went meanwhile.
   */
  seatOn(core: number): Promise<Seat> {
    const known = this.#seats.get(core);
    if (known && !known.closed) {
      this.#touch(known);
      return Promise.resolve(known);
    }
    const opening = this.#opening.get(core) ?? this.#open(core).finally(() => this.#opening.delete(core));
    this.#opening.set(core, opening);
    return opening;
  }

  /** Its worker died. @returns The seat that was there. */
  lose(core: number): Seat | undefined {
    const lost = this.#seats.get(core);
    if (lost) this.#drop(lost);
    return lost;
  }

  /** The home's worker died: another seat takes its place. */
  settleOn(seat: Seat): void {
    this.#home = seat;
  }

  canConsume(producer: types.Producer, rtpCapabilities: types.RtpCapabilities): boolean {
    return this.#originOf(producer)?.canConsume(producer, rtpCapabilities) === true;
  }

  /**
   * Makes a producer of any seat consumable on this one.
   * @throws {FairleadError} `lease_lost` when the producer or a seat closed meanwhile. What mediasoup rejects with.
   */
  async bring(producer: Origin, to: Seat): Promise<Supply> {
    const from = this.#originOf(producer);
    if (!from || from === to) return { id: producer.id, piped: null };
    const piped = await this.#pipes.bring(producer, { from, to });
    return { id: piped.id, piped };
  }

  /** Whether a transport, or what stands on one, is a pipe's. */
  hasPiped(id: string): boolean {
    return this.#pipes.has(id);
  }

  /** Closes pipes and guests' seats that nobody uses. */
  sweep(): void {
    this.#pipes.sweep();
    for (const seat of this.seats)
      if (!seat.isEmpty || seat === this.#home) this.#touch(seat);
      else if (this.#options.now() - (this.#usedAtMs.get(seat) ?? 0) >= UNUSED_MS) this.#giveBack(seat);
  }

  /** Closes what is on the seats too. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const seat of this.#seats.values()) seat.close();
  }

  async #open(core: number): Promise<Seat> {
    const seat = await this.#options.openSeat(core);
    if (this.#isClosed || this.#home.closed || seat.closed) {
      seat.close();
      throw new FairleadError("lease_lost");
    }
    this.#add(seat);
    return seat;
  }

  #giveBack(seat: Seat): void {
    this.#drop(seat);
    seat.close();
  }

  #drop(seat: Seat): void {
    this.#seats.delete(seat.core);
    this.#options.onGone(seat);
  }

  #touch(seat: Seat): void {
    this.#usedAtMs.set(seat, this.#options.now());
  }

  #add(seat: Seat): void {
    this.#seats.set(seat.core, seat);
    this.#touch(seat);
    this.#options.onOpened(seat);
  }

  /** The seat that the producer's owner sits on. */
  #originOf({ appData }: Origin): Seat | undefined {
    return this.#seats.get((appData.owner as { core: number }).core);
  }
}
