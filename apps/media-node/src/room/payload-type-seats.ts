import { FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup";

/** By payload type of the room's routers: the one that somebody else has for that codec. */
export type PayloadTypeMap = ReadonlyMap<number, number>;

type Seat = { readonly closed: boolean; close(): void };

/** A seat that is not given up until it is released. */
export type HeldSeat<S extends Seat> = { seat: S; release: () => void };

/** More maps than browsers have between them. Each costs what a viewer costs. */
const SEATS_LIMIT = 8;

type Known<S> = { map: PayloadTypeMap; opening: Promise<S>; seat: S | null; holders: number };

/**
 * mediasoup sends with its router's payload types, and receivers without a session can't be told of them: they get a router on the same
 * worker that has theirs, fed by a pipe. A few maps serve everybody.
 */
export class PayloadTypeSeats<S extends Seat> {
  readonly #open: (mediaCodecs: types.RouterRtpCodecCapability[]) => Promise<S>;
  /** The one that was asked for last is the last. */
  readonly #known = new Set<Known<S>>();

  constructor(open: (mediaCodecs: types.RouterRtpCodecCapability[]) => Promise<S>) {
    this.#open = open;
  }

  get all(): S[] {
    return [...this.#known].flatMap(({ seat }) => (seat && !seat.closed ? [seat] : []));
  }

  /**
   * A seat of those payload types; it is opened if there is none.
   * @param own The codecs of the room's routers.
   * @throws {FairleadError} `not_acceptable`: there are as many as may be, and all in use. What mediasoup rejects with.
   */
  async take(map: PayloadTypeMap, own: types.RtpCapabilities): Promise<HeldSeat<S>> {
    const known = this.#find(map) ?? this.#add(map, own);
    this.#known.delete(known);
    this.#known.add(known);
    known.holders += 1;
    try {
      return { seat: await known.opening, release: onlyOnce(() => this.#release(known)) };
    } catch (error) {
      this.#known.delete(known);
      throw error;
    }
  }

  /** Idempotent. */
  close(): void {
    for (const seat of this.all) seat.close();
  }

  #find(map: PayloadTypeMap): Known<S> | undefined {
    return [...this.#known].find(
      (known) =>
        known.seat?.closed !== true && [...map].every(([own, theirs]) => known.map.get(own) === theirs),
    );
  }

  #add(map: PayloadTypeMap, { codecs = [] }: types.RtpCapabilities): Known<S> {
    this.#makeRoom();
    const mediaCodecs = codecs.flatMap(({ preferredPayloadType: own, rtcpFeedback: _, ...codec }) => {
      const preferredPayloadType = map.get(own);
      return preferredPayloadType === undefined ? [] : [{ ...codec, preferredPayloadType }];
    });
    const known: Known<S> = { map, opening: this.#open(mediaCodecs), seat: null, holders: 0 };
    this.#known.add(known);
    known.opening.then(
      (seat) => {
        known.seat = seat;
      },
      () => this.#known.delete(known),
    );
    return known;
  }

  /** The one that nobody has used for longest goes, if there are as many as may be. */
  #makeRoom(): void {
    for (const known of this.#known) if (known.seat?.closed) this.#known.delete(known);
    if (this.#known.size < SEATS_LIMIT) return;
    const unused = [...this.#known].find(({ holders }) => holders === 0);
    if (!unused) throw new FairleadError("not_acceptable", { message: "too many maps of payload types" });
    this.#known.delete(unused);
    unused.seat?.close();
  }

  #release(known: Known<S>): void {
    known.holders -= 1;
  }
}

function onlyOnce(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}
