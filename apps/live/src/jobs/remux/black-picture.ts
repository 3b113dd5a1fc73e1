import { spawn } from "node:child_process";
import type { Children } from "../../encoder/children.ts";
import type { Sandbox } from "../../encoder/sandbox.ts";
import { h264Assembler } from "../rtp/h264-picture.ts";
import type { Picture } from "../rtp/picture.ts";

const TIMEOUT_MS = 10_000;
const START_CODE = Buffer.from([0, 0, 1]);

type BlackHost = { ffmpeg: string; sandbox: Sandbox; children: Pick<Children, "watch"> };

/**
 * A black key frame: what is shown while a camera is off, as players stop at a track that ends.
 * @returns null: ffmpeg made none.
 */
export async function blackPicture(
  { ffmpeg, sandbox, children }: BlackHost,
  { width, height }: { width: number; height: number },
): Promise<Picture | null> {
  const args = [
    ...["-hide_banner", "-nostdin", "-loglevel", "quiet", "-protocol_whitelist", "pipe", "-threads", "1"],
    ...["-f", "lavfi", "-i", `color=black:size=${width}x${height}:rate=1`, "-frames:v", "1"],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-pix_fmt", "yuv420p"],
    ...["-threads", "1", "-f", "h264", "pipe:1"],
  ];
  const picture = h264Assembler()(
    unitsOf(await outputOf([...sandbox.command, ffmpeg, ...args], { sandbox, children })),
  );
  return picture === "broken" ? null : picture;
}

/** Never rejects: what could not be started has said nothing. */
function outputOf(
  [program = "", ...args]: string[],
  { sandbox, children }: Omit<BlackHost, "ffmpeg">,
): Promise<Buffer> {
  const owner = sandbox.user === null ? {} : { uid: sandbox.user, gid: sandbox.user };
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const end = () => resolve(Buffer.concat(chunks));
    const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
    const child = spawn(program, args, { cwd: "/", env: {}, stdio, timeout: TIMEOUT_MS, ...owner });
    children.watch(child);
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", end);
    child.on("close", end);
  });
}

/** ITU-T H.264, annex B. */
export function unitsOf(stream: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let at = stream.indexOf(START_CODE); at >= 0; ) {
    const next = stream.indexOf(START_CODE, at + START_CODE.length);
    const unit = stream.subarray(at + START_CODE.length, next < 0 ? stream.length : next);
    const isZeroEnded = next >= 0 && unit.at(-1) === 0;
    units.push(isZeroEnded ? unit.subarray(0, -1) : unit);
    at = next;
  }
  return units;
}
