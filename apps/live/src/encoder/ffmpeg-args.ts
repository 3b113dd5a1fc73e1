import type { MediaTag } from "./media-tag.ts";
import type { Sps } from "./read-sps.ts";
import type { RtpOutput } from "./rtp-path.ts";

export type RtpOutputs = { video: RtpOutput | null; audio: RtpOutput | null };

/** How pictures leave: as they came, or encoded anew. */
export type VideoWay = { isTranscoded: false } | { isTranscoded: true; bitrateBps: number; threads: number };

const PACKET_BYTES = 1_200;
/** Without headers, and not quite full. */
const PAYLOAD_BYTES = 1_100;
const SLOW_FPS = 25;
const AUDIO_BITRATE = "96k";
/** An encoder's own key frames are lost, so ours come this often. */
const KEY_FRAME_S = 2;
/** Only these have pictures of 8 bits and 4:2:0, which every browser decodes: baseline, main, high. */
const COPIED_PROFILES = [66, 77, 100];
const SMALL_MACROBLOCKS = 3_600;
const MACROBLOCK_PIXELS = 256;
/** Bits a pixel and second at which x264 in its fastest way looks well. */
const BITS_PER_PIXEL_S = 2.7;
const LEAST_BITRATE_BPS = 600_000;
const MOST_BITRATE_BPS = 5_000_000;

export function isCopied(sps: Sps, hasBFrames: boolean): boolean {
  return !hasBFrames && !sps.isInterlaced && COPIED_PROFILES.includes(sps.profile);
}

export function transcodedBitrateBps(sps: Pick<Sps, "width" | "height">): number {
  const wanted = Math.round(sps.width * sps.height * BITS_PER_PIXEL_S);
  return Math.min(MOST_BITRATE_BPS, Math.max(LEAST_BITRATE_BPS, wanted));
}

/** Of what x264 makes: constrained baseline, level 3.1 up to 720p30 and 4.2 beyond. */
export function transcodedProfileLevelId(sps: Sps): string {
  return (sps.width * sps.height) / MACROBLOCK_PIXELS <= SMALL_MACROBLOCKS ? "42e01f" : "42e02a";
}

/** @returns About how many packets of RTP a message becomes, rather too many than too few. */
export function packetsOf(tag: MediaTag, way: VideoWay): number {
  const isEncodedAnew = tag.kind === "video" && way.isTranscoded;
  const bytes = isEncodedAnew ? Math.max(tag.bytes.length, way.bitrateBps / 8 / SLOW_FPS) : tag.bytes.length;
  return Math.ceil(bytes / PAYLOAD_BYTES) + 1;
}

/** FLV comes by standard input, RTP goes to the outputs. It opens nothing else, and no other demuxer or decoder. */
export function ffmpegArgs(outputs: RtpOutputs, way: VideoWay): string[] {
  return [
    ...["-hide_banner", "-nostdin", "-loglevel", "error", "-protocol_whitelist", "pipe,rtp,udp"],
    ...["-format_whitelist", "flv", "-codec_whitelist", "h264,aac"],
    // Never `-fflags nobuffer`: it drops the first pictures.
    ...["-probesize", "65536", "-analyzeduration", "500000", "-fpsprobesize", "0", "-threads", "1"],
    ...["-f", "flv", "-i", "pipe:0"],
    ...(outputs.video ? ["-map", "0:v:0", ...videoArgs(way), ...outputArgs(outputs.video)] : []),
    ...(outputs.audio ? ["-map", "0:a:0", ...audioArgs(), ...outputArgs(outputs.audio)] : []),
  ];
}

function videoArgs(way: VideoWay): string[] {
  if (!way.isTranscoded) return ["-c:v", "copy", "-bsf:v", "h264_mp4toannexb"];
  const kbps = Math.round(way.bitrateBps / 1_000);
  return [
    ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline"],
    ...["-pix_fmt", "yuv420p", "-fps_mode", "passthrough", "-threads", String(way.threads)],
    ...["-b:v", `${kbps}k`, "-maxrate", `${kbps}k`, "-bufsize", `${Math.round(kbps / 2)}k`],
    ...["-force_key_frames", `expr:gte(t,n_forced*${KEY_FRAME_S})`],
  ];
}

function audioArgs(): string[] {
  return [
    ...["-c:a", "libopus", "-b:a", AUDIO_BITRATE, "-frame_duration", "20", "-application", "lowdelay"],
    ...["-ar", "48000", "-ac", "2"],
    // FLV's times are whole milliseconds: without it neighbouring packets overlap, or leave gaps.
    ...["-af", "aresample=async=1000"],
  ];
}

function outputArgs(output: RtpOutput): string[] {
  const { ip, rtpPort, rtcpPort, localRtpPort, payloadType, ssrc, sequence } = output;
  const host = ip.includes(":") ? `[${ip}]` : ip;
  // ffmpeg takes an SSRC as a number with a sign.
  return [
    ...[
      "-f",
      "rtp",
      "-payload_type",
      String(payloadType),
      "-ssrc",
      String(ssrc | 0),
      "-seq",
      String(sequence),
    ],
    `rtp://${host}:${rtpPort}?rtcpport=${rtcpPort}&localrtpport=${localRtpPort}&localrtcpport=0&pkt_size=${PACKET_BYTES}`,
  ];
}
