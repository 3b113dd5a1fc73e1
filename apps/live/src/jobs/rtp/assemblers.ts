import { assembleAv1 } from "./av1-picture.ts";
import { h264Assembler } from "./h264-picture.ts";
import type { AssemblePicture } from "./picture.ts";
import { assembleVp8 } from "./vp8-picture.ts";
import { assembleVp9 } from "./vp9-picture.ts";

const ASSEMBLERS: Record<string, () => AssemblePicture> = {
  "video/h264": h264Assembler,
  "video/vp8": () => assembleVp8,
  "video/vp9": () => assembleVp9,
  "video/av1": () => assembleAv1,
};

/** @returns null: nobody here reads this codec. */
export function assemblerOf(mimeType: string): AssemblePicture | null {
  return ASSEMBLERS[mimeType.toLowerCase()]?.() ?? null;
}
