import { FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { bothOrNone } from "./both-or-none.ts";
import { PipeEnd, type PipeReach } from "./pipe-end.ts";
import { onClose, Piped } from "./piped.ts";
import type { Seat } from "./seat.ts";

/** After this time without a consumer a piped producer is closed, and after it without a producer the pair of transports. */
const UNUSED_MS = 30_000;

export type PipesOptions = { reach: PipeReach; now: () => number; onError: (error: unknown) => void };

type Origin = types.Producer | types.DataProducer;
type Way = { from: Seat; to: Seat };

/** Two connected ends. */
class Pair {
  readonly #ends: readonly [PipeEnd, PipeEnd];
  usedAtMs: number;

  constructor(ends: [PipeEnd, PipeEnd], nowMs: number) {
    this.#ends = ends;
    this.usedAtMs = nowMs;
    const [a, b] = ends;
    a.transport.observer.once("close", () => b.close());
    b.transport.observer.once("close", () => a.close());
  }

  get closed(): boolean {
    return this.#ends.some(({ transport }) => transport.closed);
  }

  endOn(seat: Seat): PipeEnd {
    const [a, b] = this.#ends;
    return a.seat === seat ? a : b;
  }

  get ids(): string[] {
    return this.#ends.map(({ transport }) => transport.id);
  }

  close(): void {
    for (const end of this.#ends) end.close();
  }
}

/** What flows between the seats of a room: one pair of transports for each two of them, made when first needed. */
export class Pipes {
  readonly #options: PipesOptions;
  readonly #pairs = new Map<string, Promise<Pair>>();
  readonly #piped = new Map<string, Promise<Piped>>();
  /** Those of them that are made. */
  readonly #openPairs = new Set<Pair>();
  readonly #openPiped = new Map<Piped, Pair>();
  /** Of the transports, and of what stands on them. */
  readonly #ids = new Set<string>();

  constructor(options: PipesOptions) {
    this.#options = options;
  }

  /**
   * The producer as the seat `to` has it. Simultaneous calls share one, and what failed is not kept.
   * @throws {FairleadError} `lease_lost` when the producer or a seat closed meanwhile. What mediasoup rejects with.
   */
  async bring(origin: Origin, way: Way): Promise<Piped> {
    const piped = await shared(this.#piped, `${origin.id} ${way.to.router.id}`, (forget) =>
      this.#pipe(origin, way, forget),
    );
    piped.touch();
    return piped;
  }

  /** Whether a transport, or what stands on one, is of these pipes. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Closes what nobody has used for long. Called every second or so. */
  sweep(): void {
    const nowMs = this.#options.now();
    for (const piped of [...this.#openPiped.keys()]) if (piped.unusedMs >= UNUSED_MS) piped.close();
    for (const pair of this.#openPiped.values()) pair.usedAtMs = nowMs;
    for (const pair of [...this.#openPairs]) if (nowMs - pair.usedAtMs >= UNUSED_MS) pair.close();
  }

  async #pipe(origin: Origin, { from, to }: Way, forget: () => void): Promise<Piped> {
    const pair = await this.#pair(from, to);
    pair.usedAtMs = this.#options.now();
    const alive = [origin, from, to];
    assertOpen(alive);
    const [near, far] = [pair.endOn(from), pair.endOn(to)];
    const { sent, there } = isMedia(origin)
      ? await pipeMedia(origin, { near, far }, alive)
      : await pipeData(origin, { near, far }, alive);
    const { now, onError } = this.#options;
    const isConnected = () => [near, far].every(({ transport }) => transport.sctpState === "connected");
    const piped = new Piped({ sent, there, isConnected, now, onError });
    this.#openPiped.set(piped, pair);
    const { ids } = piped;
    for (const id of ids) this.#ids.add(id);
    onClose(there, () => {
      this.#openPiped.delete(piped);
      for (const id of ids) this.#ids.delete(id);
      forget();
    });
    return piped;
  }

  #pair(a: Seat, b: Seat): Promise<Pair> {
    const key = [a.router.id, b.router.id].sort().join(" ");
    return shared(this.#pairs, key, async (forget) => {
      const pair = await openPair([a, b], this.#options);
      this.#openPairs.add(pair);
      for (const id of pair.ids) this.#ids.add(id);
      pair.endOn(a).transport.observer.once("close", () => {
        this.#openPairs.delete(pair);
        for (const id of pair.ids) this.#ids.delete(id);
        forget();
      });
      return pair;
    });
  }
}

/** One promise for all who ask at once; a rejected one is forgotten, and so is what it resolved with, once `forget` is called. */
function shared<T>(
  known: Map<string, Promise<T>>,
  key: string,
  make: (forget: () => void) => Promise<T>,
): Promise<T> {
  const before = known.get(key);
  if (before) return before;
  const forget = () => {
    if (known.get(key) === made) known.delete(key);
  };
  const made: Promise<T> = make(() => forget());
  known.set(key, made);
  made.catch(forget);
  return made;
}

type Closable = { readonly closed: boolean; close(): void };

/** @throws {FairleadError} `lease_lost`. */
function assertOpen(alive: readonly { closed: boolean }[]): void {
  if (alive.some(({ closed }) => closed))
    throw new FairleadError("lease_lost", { message: "closed meanwhile" });
}

/** Closes what was made if something that it needs has closed meanwhile, of which mediasoup does not tell what is being made. */
async function whileOpen<T extends Closable>(
  alive: readonly { closed: boolean }[],
  making: Promise<T>,
): Promise<T> {
  const made = await making;
  try {
    assertOpen([...alive, made]);
    return made;
  } catch (error) {
    made.close();
    throw error;
  }
}

type Ends = { near: PipeEnd; far: PipeEnd };

async function pipeMedia(origin: types.Producer, { near, far }: Ends, alive: readonly { closed: boolean }[]) {
  const sent = await whileOpen(alive, near.send(origin));
  try {
    // Nobody consumes there yet.
    const [there] = await bothOrNone(whileOpen([...alive, sent], far.receive(sent)), sent.pause());
    return { sent, there: await whileOpen([...alive, sent], Promise.resolve(there)) };
  } catch (error) {
    sent.close();
    throw error;
  }
}

async function pipeData(
  origin: types.DataProducer,
  { near, far }: Ends,
  alive: readonly { closed: boolean }[],
) {
  const sent = await whileOpen(alive, near.sendData(origin));
  try {
    return { sent, there: await whileOpen([...alive, sent], far.receiveData(sent)) };
  } catch (error) {
    sent.close();
    throw error;
  }
}

async function openPair(seats: [Seat, Seat], { reach, now }: PipesOptions): Promise<Pair> {
  const [a, b] = seats;
  const [near, far] = await bothOrNone(
    whileOpen(seats, PipeEnd.open(a, reach)),
    whileOpen(seats, PipeEnd.open(b, reach)),
  );
  const pair = new Pair([near, far], now());
  try {
    await bothOrNone(near.connect(far.address), far.connect(near.address));
    assertOpen([...seats, pair]);
    return pair;
  } catch (error) {
    pair.close();
    throw error;
  }
}

function isMedia(origin: Origin): origin is types.Producer {
  return "rtpParameters" in origin;
}
