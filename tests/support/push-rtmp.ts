import { spawn } from "node:child_process";
import { needProgram } from "../setup/programs.ts";
import { atExit } from "./processes/at-exit.ts";
import { dieWithParent } from "./processes/die-with-parent.ts";

export type RtmpEncoder = {
  pid: number;
  isRunning(): boolean;
  /** What it has printed: warnings and errors alone. */
  said(): string;
  /** Ends it as a person does. Resolves when it has ended, however it did. */
  stop(): Promise<void>;
  ended: Promise<void>;
};

const CONNECT_AGAIN_MS = 500;

/** Small pictures, as encoders make them by default (High), that are passed on as they are, a key frame each second, and a tone. */
const MEDIA = [
  ...["-re", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=15,format=yuv420p"],
  ...["-f", "lavfi", "-i", "sine=frequency=440"],
  ...[
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-tune",
    "zerolatency",
    "-bf",
    "0",
    "-g",
    "15",
    "-b:v",
    "300k",
  ],
  ...["-c:a", "aac", "-ac", "2"],
];

/** An encoder that connects again whenever it was sent away, as OBS does. */
export function keepPushingRtmp(url: string): { stop(): Promise<void> } {
  let current = pushRtmp(url);
  let isStopped = false;
  const run = async () => {
    while (!isStopped) {
      await current.ended;
      await new Promise((resolve) => setTimeout(resolve, CONNECT_AGAIN_MS));
      if (!isStopped) current = pushRtmp(url);
    }
  };
  void run();
  return {
    stop: () => {
      isStopped = true;
      return current.stop();
    },
  };
}

/** An encoder that sends by RTMP, as a person's ffmpeg does. @param url With the stream key. */
export function pushRtmp(url: string): RtmpEncoder {
  const program = [needProgram("ffmpeg"), "-hide_banner", "-loglevel", "warning", ...MEDIA, "-f", "flv", url];
  const child = spawn(...dieWithParent(program), { stdio: ["ignore", "ignore", "pipe"] });
  const forget = atExit(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr?.on("data", (text: Buffer) => {
    said += text;
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  void ended.then(forget);
  return {
    pid: child.pid ?? 0,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    said: () => said,
    stop: () => {
      child.kill("SIGINT");
      return ended;
    },
    ended,
  };
}
