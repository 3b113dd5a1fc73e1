export { LONGEST_SEGMENT_S, PART_TARGET_S, SHORTEST_PART_S, TARGET_DURATION_S } from "./durations.ts";
export type {
  InitPiece,
  PartPiece,
  Piece,
  PiecePlace,
  SegmentEndPiece,
  Segments,
  SegmentsListener,
} from "./segments.ts";
