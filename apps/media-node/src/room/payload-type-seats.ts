import { FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup";

/** By payload type of the room's routers: the one that somebody else has for that codec. */
export type PayloadTypeMap = ReadonlyMap<number, number>;

type Seat = { readonly closed: boolean; close(): void };

/** A seat that is not given up until it is released, but for one whose holders have not connected: others may need its place. */
export type HeldSeat<S extends Seat> = { seat: S; noteConnected: () => void; release: () => void };

/** More maps than browsers have between them. Each costs what a viewer costs. */
const SEATS_LIMIT = 8;

type Holder = { isConnected: boolean };
type Known<S> = { map: PayloadTypeMap; opening: Promise<S>; seat: S | null; holders: Set<Holder> };

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
   * @throws {FairleadError} `not_acceptable`: there are as many as may be, and somebody is connected to each. What mediasoup rejects with.
   */
  async take(map: PayloadTypeMap, own: types.RtpCapabilities): Promise<HeldSeat<S>> {
    const known = this.#find(map) ?? this.#add(map, own);
    this.#known.delete(known);
    this.#known.add(known);
    const holder = { isConnected: false };
    known.holders.add(holder);
    try {
      const seat = await known.opening;
      return {
        seat,
        noteConnected: () => {
          holder.isConnected = true;
        },
        release: () => known.holders.delete(holder),
      };
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
    const known: Known<S> = { map, opening: this.#open(mediaCodecs), seat: null, holders: new Set() };
    this.#known.add(known);
    known.opening.then(
      (seat) => {
        known.seat = seat;
      },
      () => this.#known.delete(known),
    );
    return known;
  }

  /** If there are as many as may be, the one that nobody holds goes, or whose holders have not connected; that which was asked for first. */
  #makeRoom(): void {
    for (const known of this.#known) if (known.seat?.closed) this.#known.delete(known);
    if (this.#known.size < SEATS_LIMIT) return;
    const open = [...this.#known].filter(({ seat }) => seat !== null);
    const idle =
      open.find(({ holders }) => holders.size === 0) ??
      open.find(({ holders }) => ![...holders].some(({ isConnected }) => isConnected));
    if (!idle) throw new FairleadError("not_acceptable", { message: "too many maps of payload types" });
    this.#known.delete(idle);
    idle.seat?.close();
  }
}
