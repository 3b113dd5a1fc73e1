import { execFileSync } from "node:child_process";
import { unitsOf } from "../remux/black-picture.ts";

const ENCODERS = {
  h264: ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-x264-params", "aud=1:slices=1"],
  "h264 with B-frames": [
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-bf",
    "2",
    "-b_strategy",
    "0",
    "-x264-params",
    "aud=1:slices=1",
  ],
  vp8: ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"],
  vp9: ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"],
  av1: ["-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8"],
} as const;

export type TestCodec = keyof typeof ENCODERS;

const IVF_HEAD_BYTES = 32;
const IVF_FRAME_HEAD_BYTES = 12;
const DELIMITER = 9;

/** @returns Pictures as their encoder makes them, each as its units (H.264) or as one; key frames are 30 apart. */
export function encodePictures(codec: TestCodec, { size = "320x240", count = 30 } = {}): Buffer[][] {
  const name = `${codec} ${size} ${count}`;
  const pictures = encoded.get(name) ?? encode(codec, { size, count });
  encoded.set(name, pictures);
  return pictures;
}

const encoded = new Map<string, Buffer[][]>();

function encode(codec: TestCodec, { size, count }: { size: string; count: number }): Buffer[][] {
  const isH264 = codec.startsWith("h264");
  const stream = execFileSync(
    "ffmpeg",
    [
      ...["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=30,format=yuv420p`],
      ...["-frames:v", String(count), ...ENCODERS[codec], "-g", "30", "-b:v", "300k", "-threads", "1"],
      ...["-f", isH264 ? "h264" : "ivf", "pipe:1"],
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return isH264 ? picturesOfUnits(unitsOf(stream)) : framesOfIvf(stream).map((frame) => [frame]);
}

function picturesOfUnits(units: readonly Buffer[]): Buffer[][] {
  const pictures: Buffer[][] = [];
  for (const unit of units)
    if (((unit[0] ?? 0) & 31) === DELIMITER) pictures.push([]);
    else pictures.at(-1)?.push(unit);
  return pictures;
}

function framesOfIvf(stream: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = IVF_HEAD_BYTES; at < stream.length; ) {
    const start = at + IVF_FRAME_HEAD_BYTES;
    at = start + stream.readUInt32LE(at);
    frames.push(stream.subarray(start, at));
  }
  return frames;
}
