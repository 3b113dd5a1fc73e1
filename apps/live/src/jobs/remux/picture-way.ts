import { isCopied, transcodedBitrateBps } from "../../encoder/ffmpeg-args.ts";
import type { StreamLimits } from "../../encoder/stream-bounds.ts";
import type { PictureFormat } from "../rtp/picture.ts";
import type { PictureWay } from "./remux-args.ts";

type Size = { width: number; height: number };

export type PictureLimits = Pick<StreamLimits, "longSide" | "shortSide">;

/** Beyond it a larger picture is worth a new beginning. */
const GROWTH = 1.1;
const LEAST_SIDE = 16;

/** Whether a run of ffmpeg that began with `before` can take what follows. */
export function fits(before: PictureFormat, next: PictureFormat, size: Size | null): boolean {
  if (before.codec === "h264" || next.codec === "h264")
    return before.codec === "h264" && next.codec === "h264" && before.config.equals(next.config);
  return before.codec === next.codec && size !== null && areaOf(next) <= areaOf(size) * GROWTH;
}

/**
 * @param before What was encoded anew had this size: it never shrinks, as senders shrink their pictures while the network is narrow.
 * @returns How pictures of this format leave.
 */
export function wayOf(
  format: PictureFormat,
  { limits, threadsPerTranscode: threads }: { limits: PictureLimits; threadsPerTranscode: number },
  { hasBFrames, before }: { hasBFrames: boolean; before: Size | null },
): PictureWay {
  const size = shrunk(format, limits);
  if (format.codec === "h264" && isCopied(format.sps, hasBFrames) && isWithin(format, limits))
    return { isTranscoded: false };
  const { width, height } = before && areaOf(before) >= areaOf(size) / GROWTH ? before : size;
  return { isTranscoded: true, width, height, bitrateBps: transcodedBitrateBps({ width, height }), threads };
}

function isWithin({ width, height }: Size, { longSide, shortSide }: PictureLimits): boolean {
  return Math.max(width, height) <= longSide && Math.min(width, height) <= shortSide;
}

/** The largest of the same shape within the limits, with even sides, as 4:2:0 needs. */
function shrunk({ width, height }: Size, { longSide, shortSide }: PictureLimits): Size {
  const factor = Math.min(1, longSide / Math.max(width, height), shortSide / Math.min(width, height));
  const even = (pixels: number) => Math.max(LEAST_SIDE, Math.floor((pixels * factor) / 2) * 2);
  return { width: even(width), height: even(height) };
}

function areaOf({ width, height }: Size): number {
  return width * height;
}
