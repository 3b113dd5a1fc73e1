import type { PictureFormat } from "../rtp/picture.ts";

/** How pictures leave: as they came, or encoded anew in one size. */
export type PictureWay =
  | { isTranscoded: false }
  | { isTranscoded: true; width: number; height: number; bitrateBps: number; threads: number };

/** An encoder's key frames may be far apart, so ours come this often. */
const KEY_FRAME_S = 2;
/** Of libvpx, as it alone shows the highest layer of a superframe and no other. */
const DECODERS: Record<PictureFormat["codec"], string> = {
  ...{ h264: "h264", vp8: "vp8" },
  ...{ vp9: "libvpx-vp9", av1: "libdav1d" },
};
/**
 * A part ends with the first picture that makes it so long. Browsers' pictures come at no exact rate: with one more, at 24 a second or faster, it must be no longer
 * than a part may be, 334 ms, and without it no shorter than 85 % of that.
 */
const PART_US = 285_000;

/** Matroska comes by standard input, fragmented MP4 leaves by standard output. It opens nothing else, and no other demuxer or decoder. */
export function remuxArgs(codec: PictureFormat["codec"] | null, way: PictureWay): string[] {
  const decoder = codec && DECODERS[codec];
  return [
    ...["-hide_banner", "-nostdin", "-loglevel", "error", "-protocol_whitelist", "pipe"],
    ...[
      "-format_whitelist",
      "matroska",
      "-codec_whitelist",
      ["opus", ...(decoder ? [decoder] : [])].join(","),
    ],
    // The header says all that must be known.
    ...["-probesize", "32", "-analyzeduration", "0", "-fpsprobesize", "0", "-threads", "1"],
    ...(decoder && way.isTranscoded ? ["-c:v", decoder] : []),
    ...["-f", "matroska", "-i", "pipe:0"],
    ...(decoder ? ["-map", "0:v:0", ...pictureArgs(way)] : []),
    ...["-map", "0:a:0", "-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2"],
    // What was lost is silent, and neighbouring packets do not overlap.
    ...["-af", "aresample=async=1000"],
    // A track that pauses holds the other one back no longer, µs.
    ...["-max_interleave_delta", "500000"],
    ...["-f", "mp4", "-movflags", "+empty_moov+default_base_moof+frag_keyframe"],
    ...["-frag_duration", String(PART_US), "-flush_packets", "1", "pipe:1"],
  ];
}

function pictureArgs(way: PictureWay): string[] {
  if (!way.isTranscoded) return ["-c:v", "copy"];
  const { width, height } = way;
  const kbps = Math.round(way.bitrateBps / 1_000);
  const fit = `scale=${width}:${height}:force_original_aspect_ratio=decrease`;
  return [
    // Senders change their pictures' size as the network has room: those that watch have one.
    ...["-vf", `${fit},pad=${width}:${height}:-1:-1,setsar=1`],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline"],
    ...["-pix_fmt", "yuv420p", "-fps_mode", "passthrough", "-threads", String(way.threads)],
    ...["-b:v", `${kbps}k`, "-maxrate", `${kbps}k`, "-bufsize", `${Math.round(kbps / 2)}k`],
    ...["-force_key_frames", `expr:gte(t,n_forced*${KEY_FRAME_S})`],
  ];
}
