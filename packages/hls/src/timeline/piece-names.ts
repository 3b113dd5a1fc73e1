import type { PiecePlace } from "@fairlead/segments";

type Numbers = Pick<PiecePlace, "run" | "sequence">;

/** Names below a rendition's folder. With run and sequence in them, no name ever gets other bytes. */
export function initName({ run, sequence }: Numbers): string {
  return `${run}-${sequence}.init.mp4`;
}

export function segmentName({ run, sequence }: Numbers): string {
  return `${run}-${sequence}.m4s`;
}

export function partName({ run, sequence }: Numbers, part: number): string {
  return `${run}-${sequence}.${part}.m4s`;
}

/** All that `initName`, `segmentName` and `partName` make. */
export const PIECE_NAME = /^\d{1,16}-\d{1,16}(\.init\.mp4|(\.\d{1,6})?\.m4s)$/;
