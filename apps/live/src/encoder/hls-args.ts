import type { HlsPlan, HlsRendition } from "./hls-plan.ts";

/** A track that stays away holds the other one up no longer, ms: ffmpeg would wait for ten seconds. */
const LONGEST_WAIT_MS = 500;
/** Of standard output; those of further renditions come after standard error. */
const FIRST_DESCRIPTOR = 1;
const NEXT_DESCRIPTOR = 3;
const FLAGS = "+empty_moov+default_base_moof+frag_keyframe";

/** Where a rendition leaves ffmpeg. @param index In the plan. */
export function descriptorOf(index: number): number {
  return index === 0 ? FIRST_DESCRIPTOR : NEXT_DESCRIPTOR + index - 1;
}

/** Fragmented MP4 of each rendition, by a pipe of its own. Sound is copied. */
export function hlsArgs(
  { renditions, fragmentMs }: HlsPlan,
  tracks: { video: boolean; audio: boolean },
): string[] {
  return renditions.flatMap(({ way }, index) => [
    ...(tracks.video ? ["-map", "0:v:0", ...pictureArgs(way)] : []),
    ...(tracks.audio ? ["-map", "0:a:0", "-c:a", "copy"] : []),
    ...["-f", "mp4", "-movflags", FLAGS, "-frag_duration", String(Math.round(fragmentMs * 1_000))],
    ...["-flush_packets", "1", "-max_interleave_delta", String(LONGEST_WAIT_MS * 1_000)],
    `pipe:${descriptorOf(index)}`,
  ]);
}

function pictureArgs(way: HlsRendition["way"]): string[] {
  if (!way.isTranscoded) return ["-c:v", "copy"];
  const { bitrateBps, threads, size } = way;
  const kbps = Math.round(bitrateBps / 1_000);
  return [
    ...["-vf", `scale=${size.width}:${size.height}`, "-pix_fmt", "yuv420p", "-fps_mode", "passthrough"],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "main"],
    ...["-threads", String(threads), "-b:v", `${kbps}k`, "-maxrate", `${kbps}k`, "-bufsize", `${kbps}k`],
    // Key frames where the source has its own and nowhere else: segments of all renditions begin at them.
    ...["-force_key_frames", "source", "-sc_threshold", "0", "-g", "100000"],
  ];
}
