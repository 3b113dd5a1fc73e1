import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { needProgram } from "../../setup/programs.ts";
import { dieWithParent } from "../../support/processes/die-with-parent.ts";

const FPS = 30;
/** The recording begins anew after this: no frame is longer on its way. */
const SECONDS = 10;
export const FRAMES = FPS * SECONDS;
/** A row of blocks: one white, one black, and the frame's number, lowest bit first. */
export const BLOCK = { side: 64, bits: 10 } as const;
const BITRATE = "2500k";

export type SentFrame = { counter: number; atMs: number };

/** Makes a recording of 720p30 and a tone at 2.5 Mbps whose every picture says its number. */
export async function recordCounted(file: string): Promise<void> {
  const side = BLOCK.side;
  const box = (index: number, color: string, when = "1") =>
    `drawbox=x=${index * side}:y=0:w=${side}:h=${side}:color=${color}:t=fill:enable='${when}'`;
  const bits = Array.from({ length: BLOCK.bits }, (_, bit) => [
    box(bit + 2, "black"),
    box(bit + 2, "white", `mod(floor(n/${2 ** bit}),2)`),
  ]);
  // Without noise x264 would need a tenth of the bitrate.
  const filters = ["noise=alls=12:allf=t", box(0, "white"), box(1, "black"), ...bits.flat()];
  const args = [
    ...["-y", "-loglevel", "error", "-f", "lavfi", "-i", `testsrc2=size=1280x720:rate=${FPS}`],
    ...["-f", "lavfi", "-i", "sine=frequency=440", "-t", String(SECONDS), "-vf", filters.join(",")],
    ...["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-bf", "0"],
    // To x264 noise looks like cuts, which would have key frames of their own.
    ...["-sc_threshold", "0"],
    ...["-g", String(FPS), "-b:v", BITRATE, "-maxrate", BITRATE, "-bufsize", BITRATE, "-c:a", "aac", file],
  ];
  await promisify(execFile)(needProgram("ffmpeg"), args);
}

export type CountedPush = {
  pid: number;
  said(): string;
  /** The frames that were sent lately, oldest first. */
  sent(): readonly SentFrame[];
  stop(): Promise<void>;
};

/** ffmpeg sends the recording in real time, again and again, and tells of each frame when it sends it. */
export function pushCounted(file: string, url: string): CountedPush {
  const program = [
    ...[
      needProgram("ffmpeg"),
      "-hide_banner",
      "-loglevel",
      "warning",
      "-re",
      "-stream_loop",
      "-1",
      "-i",
      file,
    ],
    ...["-map", "0", "-c", "copy", "-f", "flv", url],
    ...["-map", "0:v", "-c", "copy", "-flush_packets", "1", "-f", "framecrc", "pipe:1"],
  ];
  const child: ChildProcess = spawn(...dieWithParent(program), { stdio: ["ignore", "pipe", "pipe"] });
  const sent: SentFrame[] = [];
  let said = "";
  let frames = 0;
  child.stderr?.on("data", (text: Buffer) => {
    said += text;
  });
  if (child.stdout)
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("#")) return;
      sent.push({ counter: frames % FRAMES, atMs: performance.timeOrigin + performance.now() });
      frames += 1;
      if (sent.length > FRAMES) sent.shift();
    });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    pid: child.pid ?? 0,
    said: () => said,
    sent: () => sent,
    stop: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}
