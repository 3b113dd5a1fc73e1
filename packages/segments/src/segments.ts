/** What every piece says of its place. Two pieces with the same place, and the same `part` if they have one, are the same bytes. */
export type PiecePlace = {
  /** `source`, or the name of a rung of the ladder. */
  rendition: string;
  /** Of the packager's order. What comes with a lower one than the broadcast's latest is dropped. */
  run: number;
  /** The segment's media sequence number: rises by one from segment to segment of a rendition, over all runs. */
  sequence: number;
};

/** How a rendition is decoded from this segment on: a new MAP, after a DISCONTINUITY if it is not the first. */
export type InitPiece = PiecePlace & {
  type: "init";
  /** `ftyp` and `moov`. */
  bytes: Uint8Array;
  /** RFC 6381, e.g. `avc1.42e01f,mp4a.40.2`. */
  codecs: string;
  /** Of the rendition's pictures; null: it has none. */
  video: { width: number; height: number; frameRate: number } | null;
  /** Bits/s, about the most that it will have. */
  bandwidthBps: number;
};

/** The next piece of a segment that is being made: whole `moof` and `mdat` pairs. */
export type PartPiece = PiecePlace & {
  type: "part";
  /** From 0. */
  part: number;
  /** Seconds. */
  duration: number;
  /** It begins with a key frame, or has no pictures. */
  isIndependent: boolean;
  /** When its first frame came, milliseconds since 1970. */
  programTimeMs: number;
  bytes: Uint8Array;
};

/** No further part of this segment comes. */
export type SegmentEndPiece = PiecePlace & {
  type: "end";
};

export type Piece = InitPiece | PartPiece | SegmentEndPiece;

/** What follows a broadcast hears. */
export type SegmentsListener = {
  onPiece(piece: Piece): void;
  /** It is over. A piece that comes after it is the first of another show with the same id: follow anew to hear that one alone. */
  onEnded(): void;
};

/**
 * Between those who package broadcasts and those who serve them, of which neither knows the other. Order is kept within a broadcast. Bounded in
 * age and bytes per broadcast: the oldest whole segments are forgotten first.
 */
export interface Segments {
  /**
   * @returns Whether it was taken: a piece of a lower run than the latest, or of a place that was written already, is dropped.
   * @throws {FairleadError} `message_too_large`: more bytes than a piece may have.
   */
  write(broadcastId: string, piece: Piece): Promise<boolean>;

  /** The number that comes after all segments that were ever written, whole or begun; null: none was. */
  nextSequence(broadcastId: string): Promise<number | null>;

  /** It is over. Followers hear it; what is stored stays for its time, or until a higher run begins: it was deleted and made anew. */
  end(broadcastId: string, run: number): Promise<void>;

  /** What is stored comes first, then what is written. @returns Ends it; idempotent. */
  follow(broadcastId: string, listener: SegmentsListener): () => void;

  close(): Promise<void>;
}
