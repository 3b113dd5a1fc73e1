import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { EgressWithSdp, IngestWithKeys } from "@fairlead/protocol";
import { needProgram } from "../setup/programs.ts";

export const SIZE = { width: 160, height: 90 };
const FRAME_BYTES = SIZE.width * SIZE.height;

type IngestTrack = IngestWithKeys["tracks"][number];
type EgressTrack = EgressWithSdp["tracks"][number];
export type Running = { close(): Promise<void>; said(): string };
export type Decoder = Running & { frames(): number };

/** A picture with a counter and a tone, in real time, as ffmpeg sends them. @param from Local ports of RTP, by track. */
export function pushByFfmpeg({ tracks }: IngestWithKeys, from: number[] = []): Running {
  const inputs = `-re -f lavfi -i testsrc2=size=${SIZE.width}x${SIZE.height}:rate=15 -f lavfi -re -i sine=440`;
  const outputs = tracks.map((track, index) => {
    const codec =
      track.codec === "opus"
        ? "-map 1 -c:a libopus -ac 2 -ar 48000"
        : track.codec === "vp8"
          ? "-map 0 -c:v libvpx -deadline realtime -g 15"
          : "-map 0 -c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 15";
    return `${codec} ${rtpOutput(track, from[index])}`;
  });
  return run("ffmpeg", `-nostdin -loglevel error ${inputs} ${outputs.join(" ")}`.split(" "));
}

function rtpOutput({ srtp, ssrc, payloadType, address, port, rtcpPort }: IngestTrack, from?: number): string {
  const local = from === undefined ? "" : `&localrtpport=${from}&localrtcpport=${from + 1}`;
  const keys = srtp ? `-srtp_out_suite ${srtp.cryptoSuite} -srtp_out_params ${srtp.mediaKey} ` : "";
  const url = `${srtp ? "srtp" : "rtp"}://${address}:${port}?rtcpport=${rtcpPort}&pkt_size=1200${local}`;
  return `-ssrc ${ssrc | 0} -payload_type ${payloadType} ${keys}-f rtp ${url}`;
}

/** VP8; without encryption with one key frame at the beginning, and more only when somebody asks by RTCP. @param from The local port of RTP. */
export function pushByGStreamer({ tracks: [track] }: IngestWithKeys, from: number): Running {
  if (!track) throw new Error("an ingest has a track");
  const { srtp, ssrc, payloadType, address, port, rtcpPort } = track;
  const encrypt = srtp
    ? `srtpenc name=e key=${hexOf(srtp.mediaKey)} rtp-cipher=aes-128-icm rtp-auth=hmac-sha1-80 rtcp-cipher=aes-128-icm rtcp-auth=hmac-sha1-80`
    : null;
  const rtpSink = `udpsink host=${address} port=${port} bind-port=${from}`;
  const rtcpSink = `udpsink host=${address} port=${rtcpPort} sync=false async=false`;
  const pipeline = [
    `rtpbin name=b rtp-profile=avpf videotestsrc is-live=true pattern=smpte`,
    `! video/x-raw,width=${SIZE.width},height=${SIZE.height},framerate=15/1`,
    `! vp8enc deadline=1 keyframe-max-dist=${srtp ? 15 : 100_000} ! rtpvp8pay ssrc=${ssrc} pt=${payloadType} mtu=1200`,
    `! application/x-rtp,rtcp-fb-nack-pli=true ! b.send_rtp_sink_0`,
    ...(encrypt
      ? [
          `b.send_rtp_src_0 ! e.rtp_sink_0 ${encrypt} e.rtp_src_0 ! ${rtpSink}`,
          `b.send_rtcp_src_0 ! e.rtcp_sink_0 e.rtcp_src_0 ! ${rtcpSink}`,
        ]
      : [
          `b.send_rtp_src_0 ! ${rtpSink}`,
          `b.send_rtcp_src_0 ! ${rtcpSink}`,
          `udpsrc port=${from + 1} ! b.recv_rtcp_sink_0`,
        ]),
  ];
  return run("gst-launch", ["-q", ...pipeline.join(" ").split(" ")]);
}

export function readByFfmpeg({ sdp }: EgressTrack): Decoder {
  const words = "-loglevel error -protocol_whitelist pipe,rtp,udp,srtp -f sdp -i pipe:0";
  const output = `-f rawvideo -pix_fmt gray -s ${SIZE.width}x${SIZE.height} pipe:1`;
  return decode("ffmpeg", `${words} ${output}`.split(" "), sdp);
}

/** By what the answer says beside the SDP, as gst-launch has no element that reads one from here. */
export function readByGStreamer({ srtp, port, payloadType, ssrc }: EgressTrack): Decoder {
  const suites = ["srtp-cipher", "srtcp-cipher"].map((name) => `${name}=(string)aes-128-icm`);
  const auths = ["srtp-auth", "srtcp-auth"].map((name) => `${name}=(string)hmac-sha1-80`);
  const rtp = `media=video,clock-rate=90000,encoding-name=VP8,payload=${payloadType},ssrc=(uint)${ssrc}`;
  const caps = srtp
    ? `application/x-srtp,${rtp},srtp-key=(buffer)${hexOf(srtp.mediaKey)},${[...suites, ...auths].join(",")}`
    : `application/x-rtp,${rtp}`;
  const pipeline = `udpsrc port=${port} caps=${caps} ${srtp ? "! srtpdec " : ""}! rtpvp8depay ! vp8dec ! videoconvert ! videoscale`;
  const output = `! video/x-raw,format=GRAY8,width=${SIZE.width},height=${SIZE.height} ! fdsink fd=1 sync=false`;
  return decode("gst-launch", ["-q", ...`${pipeline} ${output}`.split(" ")]);
}

/** As of a scan, to each port. */
export async function sendGarbage({ tracks }: IngestWithKeys): Promise<void> {
  const socket = createSocket("udp4");
  for (const { address, port, rtcpPort } of tracks)
    for (const to of [port, rtcpPort])
      await new Promise<void>((resolve) => socket.send(Buffer.alloc(32), to, address, () => resolve()));
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}

/** An even port that was free a moment ago. The ones after it are taken to be free. */
export async function freeEvenPort(): Promise<number> {
  for (;;) {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    if (port % 2 === 0 && port < 65_000) return port;
  }
}

function hexOf(base64: string): string {
  return Buffer.from(base64, "base64").toString("hex");
}

function decode(program: "ffmpeg" | "gst-launch", words: string[], input = ""): Decoder {
  let bytes = 0;
  const running = run(program, words, (child) => {
    child.stdout?.on("data", (data: Buffer) => {
      bytes += data.length;
    });
    child.stdin?.end(input);
  });
  return { ...running, frames: () => Math.floor(bytes / FRAME_BYTES) };
}

function run(
  program: "ffmpeg" | "gst-launch",
  words: string[],
  attach: (child: ChildProcess) => void = (child) => child.stdout?.resume(),
): Running {
  const child = spawn(needProgram(program), words, { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (data: Buffer) => {
    said = `${said}${data}`.slice(-4_000);
  });
  // It may be gone before it has read all.
  child.stdin.on("error", () => {});
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  attach(child);
  return {
    said: () => said,
    close: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
