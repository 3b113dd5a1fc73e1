import { writeFile } from "node:fs/promises";

/** A camera of a kind that a tab encodes and draws cheaply: tests on two cores open many. */
const WIDTH = 320;
const HEIGHT = 240;
/** It is read over and over. */
const FRAMES = 10;
const FRAMES_PER_SECOND = 10;
/** Of YUV: neither grey nor black, so that a screenshot shows it. */
const CHROMA = { u: 90, v: 160 };

/** Writes a second of a moving pattern, in YUV4MPEG2, which Chromium plays as its camera. @returns The file. */
export async function writeFakeCamera(file: string): Promise<string> {
  const frames = Array.from({ length: FRAMES }, (_, index) => frame(index));
  const header = `YUV4MPEG2 W${WIDTH} H${HEIGHT} F${FRAMES_PER_SECOND}:1 Ip A1:1 C420\n`;
  await writeFile(file, Buffer.concat([Buffer.from(header), ...frames]));
  return file;
}

function frame(index: number): Buffer {
  const pixels = WIDTH * HEIGHT;
  const shift = Math.round((index * 256) / FRAMES);
  const luma = Buffer.alloc(pixels);
  for (let at = 0; at < pixels; at++) luma[at] = (at % WIDTH) + Math.floor(at / WIDTH) + shift;
  const u = Buffer.alloc(pixels / 4, CHROMA.u);
  const v = Buffer.alloc(pixels / 4, CHROMA.v);
  return Buffer.concat([Buffer.from("FRAME\n"), luma, u, v]);
}
