import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";

export const FFMPEG = process.env.FAIRLEAD_FFMPEG || "ffmpeg";

export type Push = { said(): string; gone: Promise<unknown>; stop(): void };

const SOURCE = ["-re", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-re", "-f", "lavfi", "-i", "sine"];
export const H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15"];
/** As OBS sends by default. */
export const WITH_B_FRAMES = [
  "-c:v",
  "libx264",
  "-preset",
  "veryfast",
  "-bf",
  "2",
  "-g",
  "15",
  "-threads",
  "1",
];
export const AAC = ["-c:a", "aac"];

/** @returns Messages of RTMP for a second of a stream. */
export function recordStream(codecs: string[]): { type: number; timestampMs: number; bytes: Buffer }[] {
  const source = SOURCE.filter((arg) => arg !== "-re");
  const args = [
    "-loglevel",
    "error",
    ...source,
    "-pix_fmt",
    "yuv420p",
    ...codecs,
    "-t",
    "1",
    "-f",
    "flv",
    "pipe:1",
  ];
  const flv = execFileSync(FFMPEG, args, { maxBuffer: 2 ** 25 });
  const messages = [];
  for (let at = 13; at + 11 < flv.length; ) {
    const length = flv.readUIntBE(at + 1, 3);
    const bytes = flv.subarray(at + 11, at + 11 + length);
    messages.push({ type: flv.readUInt8(at), timestampMs: flv.readUIntBE(at + 4, 3), bytes });
    at += 11 + length + 4;
  }
  return messages;
}

/** ffmpeg as an encoder, in real time. */
export function pushStream(url: string, codecs = [...H264, ...AAC]): Push {
  const args = [
    "-hide_banner",
    "-loglevel",
    "error",
    ...SOURCE,
    "-pix_fmt",
    "yuv420p",
    ...codecs,
    "-f",
    "flv",
    url,
  ];
  const child = spawn(FFMPEG, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => {
    said += bytes;
  });
  return { said: () => said, gone: once(child, "close"), stop: () => void child.kill("SIGKILL") };
}
