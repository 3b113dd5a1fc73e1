import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { types } from "mediasoup";

const H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline"];

/** Sends a track to a router as a publisher does, in real time. */
export class RtpPusher {
  readonly #transport: types.PlainTransport;
  readonly producer: types.Producer;
  readonly #payloadType: number;
  readonly #ssrc: number;
  /** The transport takes what comes from the port that it heard first. */
  readonly #localPort: number;
  #child: ChildProcess | null = null;

  private constructor(transport: types.PlainTransport, producer: types.Producer, localPort: number) {
    this.#transport = transport;
    this.#localPort = localPort;
    this.producer = producer;
    const { codecs, encodings } = producer.rtpParameters;
    this.#payloadType = codecs[0]?.payloadType ?? 0;
    this.#ssrc = encodings?.[0]?.ssrc ?? 0;
  }

  static async open(router: types.Router, mimeType: string): Promise<RtpPusher> {
    const transport = await router.createPlainTransport({
      listenInfo: { protocol: "udp", ip: "127.0.0.1" },
      ...{ rtcpMux: false, comedia: true },
    });
    const codec = router.rtpCapabilities.codecs?.find((each) => each.mimeType === mimeType);
    if (!codec?.preferredPayloadType) throw new Error(`no ${mimeType}`);
    const { kind, clockRate, channels, parameters, preferredPayloadType: payloadType } = codec;
    const ssrc = 1_000 + payloadType;
    const producer = await transport.produce({
      kind,
      rtpParameters: {
        codecs: [
          {
            mimeType,
            clockRate,
            payloadType,
            ...(channels ? { channels } : {}),
            parameters: parameters ?? {},
          },
        ],
        encodings: [{ ssrc }],
      },
    });
    return new RtpPusher(transport, producer, await freePort());
  }

  pictures(size: string): Promise<void> {
    const source = `testsrc2=size=${size}:rate=30,format=yuv420p`;
    return this.#send(["-f", "lavfi", "-i", source, ...H264, "-g", "30"]);
  }

  sound(): Promise<void> {
    return this.#send([
      "-f",
      "lavfi",
      "-i",
      "sine=frequency=440:sample_rate=48000",
      "-c:a",
      "libopus",
      "-ac",
      "2",
    ]);
  }

  /** Nothing comes any more. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  async #send(args: readonly string[]): Promise<void> {
    await this.stop();
    const { tuple, rtcpTuple } = this.#transport;
    const to = `rtp://127.0.0.1:${tuple.localPort}?rtcpport=${rtcpTuple?.localPort}&localrtpport=${this.#localPort}&localrtcpport=0&pkt_size=1200`;
    const stream = ["-payload_type", String(this.#payloadType), "-ssrc", String(this.#ssrc)];
    const all = ["-v", "error", "-re", ...args, "-f", "rtp", ...stream, to];
    this.#child = spawn("ffmpeg", all, { stdio: ["ignore", "ignore", "inherit"] });
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}
