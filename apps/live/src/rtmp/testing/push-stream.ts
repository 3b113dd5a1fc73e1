import { spawn } from "node:child_process";
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
