import { FairleadError } from "@fairlead/protocol";

/** ISO/IEC 14496-12 § 4.2. `bytes`: all of it, its head included. */
export type Box = { type: string; bytes: Buffer };

export const BOX_HEAD_BYTES = 8;
/** More than any fragment of what we take in: a third of a second at 12 Mbit/s is 0.5 MB. */
export const MOST_BOX_BYTES = 4_000_000;
const MOST_CHILDREN = 64;

/** The program that writes the media is not trusted: whatever this is, nothing of it goes on. */
export function unreadable(what: string): FairleadError {
  return new FairleadError("media_rejected", { message: `unreadable fragmented MP4: ${what}` });
}

/** Cuts a stream of bytes into its boxes. It holds one unfinished box at most. */
export class BoxSplitter {
  #waiting: Uint8Array[] = [];
  #length = 0;

  /** @throws {FairleadError} `media_rejected`: a box of no possible size. */
  push(chunk: Uint8Array): Box[] {
    this.#waiting.push(chunk);
    this.#length += chunk.byteLength;
    if (this.#length < this.#wantedBytes()) return [];
    const bytes = Buffer.concat(this.#waiting, this.#length);
    const boxes: Box[] = [];
    let at = 0;
    while (bytes.length - at >= BOX_HEAD_BYTES) {
      const size = sizeAt(bytes, at, MOST_BOX_BYTES);
      if (bytes.length - at < size) break;
      boxes.push({ type: typeAt(bytes, at), bytes: bytes.subarray(at, at + size) });
      at += size;
    }
    this.#waiting = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#length = bytes.length - at;
    return boxes;
  }

  /** Until so many are there, nothing is whole. */
  #wantedBytes(): number {
    const [first] = this.#waiting;
    if (!first || first.byteLength < BOX_HEAD_BYTES) return BOX_HEAD_BYTES;
    return sizeAt(Buffer.from(first.buffer, first.byteOffset, BOX_HEAD_BYTES), 0, MOST_BOX_BYTES);
  }
}

/**
 * The boxes inside a box.
 * @param from Where they begin in it.
 * @throws {FairleadError} `media_rejected`: they do not fill it.
 */
export function childrenOf({ type, bytes }: Box, from: number): Box[] {
  const children: Box[] = [];
  for (let at = from; at < bytes.length; ) {
    if (bytes.length - at < BOX_HEAD_BYTES || children.length >= MOST_CHILDREN) throw unreadable(type);
    const size = sizeAt(bytes, at, bytes.length - at);
    children.push({ type: typeAt(bytes, at), bytes: bytes.subarray(at, at + size) });
    at += size;
  }
  return children;
}

/** @throws {FairleadError} `media_rejected`: there is none. */
export function childOf(box: Box, type: string, from = BOX_HEAD_BYTES): Box {
  const child = childrenOf(box, from).find((candidate) => candidate.type === type);
  if (!child) throw unreadable(`${box.type} without ${type}`);
  return child;
}

function sizeAt(bytes: Buffer, at: number, most: number): number {
  const size = bytes.readUInt32BE(at);
  if (size < BOX_HEAD_BYTES || size > most) throw unreadable(`a box of ${size} bytes`);
  return size;
}

function typeAt(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", at + 4, at + BOX_HEAD_BYTES);
}
