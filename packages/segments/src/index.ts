export type {
  InitPiece,
  PartPiece,
  Piece,
  PiecePlace,
  SegmentEndPiece,
  Segments,
  SegmentsListener,
} from "./segments.ts";
