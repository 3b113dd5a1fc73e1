import type { types } from "mediasoup-client";
import type { PictureSize } from "./stand-in.ts";

/**
 * The fewest pixels that two and three layers take, 480×270 and 960×540: libwebrtc's own bounds (`kSimulcastFormats`), beyond which
 * Chromium drops the upper layers by itself. Landscape or portrait makes no difference.
 */
const PIXELS_OF_TWO = 129_600;
const PIXELS_OF_THREE = 518_400;

/** @returns How many layers carry a picture of this size. The highest of them has the full size, each below it half of that. */
export function layerCount(size: PictureSize, most: number): number {
  const pixels = size.width * size.height;
  return Math.min(most, pixels >= PIXELS_OF_THREE ? 3 : pixels >= PIXELS_OF_TWO ? 2 : 1);
}

/** @returns The browser's settings of the layer with this index, lowest first, where `count` layers are sent. */
export function layerSettings(
  index: number,
  count: number,
): Required<Pick<types.RtpEncodingParameters, "active" | "scaleResolutionDownBy">> {
  return { active: index < count, scaleResolutionDownBy: 2 ** Math.max(0, count - 1 - index) };
}

/** @returns undefined where the browser does not know it (yet). */
export function sizeOf(track: Pick<MediaStreamTrack, "getSettings">): PictureSize | undefined {
  const { width, height } = track.getSettings();
  return width && height ? { width, height } : undefined;
}
