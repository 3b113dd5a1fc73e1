import type { Piece, SegmentsListener } from "../segments.ts";

/** How far a rendition is written. */
type Written = {
  sequence: number;
  /** Of the part that may come next; null: the segment has ended. */
  nextPart: number | null;
};

/** The pieces of one broadcast, in the order in which they came. */
export class StoredBroadcast {
  readonly #bounds: { mediaS: number; bytes: number };
  readonly #written = new Map<string, Written>();
  readonly #listeners = new Set<SegmentsListener>();
  #pieces: Piece[] = [];
  #bytes = 0;
  #run = 0;
  isEnded = false;
  /** By the adapter's clock, ms. */
  changedAtMs: number;

  constructor(bounds: { mediaS: number; bytes: number }, nowMs: number) {
    this.#bounds = bounds;
    this.changedAtMs = nowMs;
  }

  get isFollowed(): boolean {
    return this.#listeners.size > 0;
  }

  /** Nothing was ever written. */
  get isUnused(): boolean {
    return this.#written.size === 0;
  }

  get nextSequence(): number | null {
    return this.isUnused ? null : this.#last + 1;
  }

  get #last(): number {
    return Math.max(...[...this.#written.values()].map(({ sequence }) => sequence));
  }

  write(piece: Piece, nowMs: number): boolean {
    const isOfNextShow = this.isEnded && piece.run > this.#run;
    if ((this.isEnded && !isOfNextShow) || piece.run < this.#run || !this.#isNew(piece)) return false;
    if (isOfNextShow) this.#reopen();
    const size = sizeOf(piece);
    if (!this.#makeRoom(piece, size)) return false;
    this.#run = piece.run;
    this.#written.set(piece.rendition, writtenAfter(piece));
    this.#pieces.push(piece);
    this.#bytes += size;
    this.changedAtMs = nowMs;
    for (const listener of [...this.#listeners]) listener.onPiece(piece);
    return true;
  }

  /** Sequence numbers rise over all runs, so what a run before wrote counts as well. */
  #isNew(piece: Piece): boolean {
    const written = this.#written.get(piece.rendition);
    if (piece.run > this.#run && !this.isUnused) return piece.type !== "end" && piece.sequence > this.#last;
    if (!written || piece.sequence > written.sequence) return piece.type !== "end";
    if (piece.sequence < written.sequence || written.nextPart === null || piece.type === "init") return false;
    return piece.type === "end" || piece.part >= written.nextPart;
  }

  /** @returns Whether the piece fits: a segment that fills the store alone takes no more. */
  #makeRoom(piece: Piece, size: number): boolean {
    const isFull = () => this.#bytes + size > this.#bounds.bytes;
    while (isFull() && this.#forgetOldest(piece.sequence));
    if (piece.type === "part" && piece.part === 0)
      while (this.#secondsOf(piece.rendition) > this.#bounds.mediaS && this.#forgetOldest(piece.sequence));
    return !isFull();
  }

  #secondsOf(rendition: string): number {
    let seconds = 0;
    for (const piece of this.#pieces)
      if (piece.type === "part" && piece.rendition === rendition) seconds += piece.duration;
    return seconds;
  }

  /** Forgets the oldest segment, in all renditions, and inits that no other one needs. @returns Whether there was one before `below`. */
  #forgetOldest(below: number): boolean {
    const oldest = Math.min(...this.#pieces.map((piece) => (piece.type === "init" ? below : piece.sequence)));
    if (oldest >= below) return false;
    const kept = this.#pieces.filter((piece) => piece.type === "init" || piece.sequence > oldest);
    this.#keep(kept.filter((piece, index) => piece.type !== "init" || !isReplaced(kept, index, oldest + 1)));
    return true;
  }

  #keep(pieces: Piece[]): void {
    this.#pieces = pieces;
    this.#bytes = pieces.reduce((sum, piece) => sum + sizeOf(piece), 0);
  }

  /** Numbers stay, and so do the inits in force: what was silent may go on. */
  forgetMedia(): void {
    const inits = this.#pieces.filter((piece) => piece.type === "init");
    this.#keep(inits.filter((_, index) => !isReplaced(inits, index, Number.POSITIVE_INFINITY)));
  }

  end(run: number, nowMs: number): void {
    if (this.isEnded || run < this.#run) return;
    this.isEnded = true;
    this.#run = run;
    this.changedAtMs = nowMs;
    for (const listener of [...this.#listeners]) listener.onEnded();
  }

  /** Numbers go on, so that no URI ever has other bytes. */
  #reopen(): void {
    this.isEnded = false;
    this.#keep([]);
  }

  follow(listener: SegmentsListener): () => void {
    for (const piece of [...this.#pieces]) listener.onPiece(piece);
    if (this.isEnded) listener.onEnded();
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

function sizeOf(piece: Piece): number {
  return piece.type === "end" ? 0 : piece.bytes.byteLength;
}

function writtenAfter(piece: Piece): Written {
  const { sequence } = piece;
  if (piece.type === "end") return { sequence, nextPart: null };
  return { sequence, nextPart: piece.type === "init" ? 0 : piece.part + 1 };
}

/** Whether another init of the rendition holds from a segment on that is `sequence` or before it. */
function isReplaced(pieces: readonly Piece[], index: number, sequence: number): boolean {
  const { rendition } = pieces[index] as Piece;
  return pieces.some(
    (piece, at) =>
      at > index && piece.type === "init" && piece.rendition === rendition && piece.sequence <= sequence,
  );
}
