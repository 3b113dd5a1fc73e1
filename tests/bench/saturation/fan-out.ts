import { randomBytes } from "node:crypto";
import { provideWorker } from "@fairlead/mediasoup-worker";
import { createWorker, type types } from "mediasoup";
import { STREAM } from "./rtp-packets.ts";

const VP8: types.RouterRtpCodecCapability = {
  kind: "video",
  mimeType: "video/VP8",
  clockRate: STREAM.clockRate,
  preferredPayloadType: STREAM.payloadType,
};
const LISTEN = { protocol: "udp", ip: "127.0.0.1" } as const;
const SUITE: types.SrtpCryptoSuite = "AEAD_AES_128_GCM";
const KEY_BYTES = 28;

/** One producer on one worker, sent on to any number of consumers. */
export type FanOut = {
  /** Where the publisher sends to. */
  port: number;
  /** @param isEncrypted SRTP, as browsers get it; plain packets can be read by the probes. */
  addConsumer(port: number, isEncrypted: boolean): Promise<void>;
  /**
   * Since the start: packets that came in, those passed over (RFC 3550 § 6.4.1), and the worker's CPU time; and
   * how long the worker took to tell.
   */
  read(): Promise<{ packetsIn: number; lostIn: number; cpuMs: number; atMs: number; answerMs: number }>;
  close(): void;
};

export async function openFanOut(): Promise<FanOut> {
  const { bin } = await provideWorker();
  const worker = await createWorker({ workerBin: bin, logLevel: "error" });
  const router = await worker.createRouter({ mediaCodecs: [VP8] });
  const input = await router.createPlainTransport({ listenInfo: LISTEN, rtcpMux: true, comedia: true });
  const producer = await input.produce({
    kind: "video",
    rtpParameters: {
      codecs: [{ mimeType: "video/VP8", payloadType: STREAM.payloadType, clockRate: STREAM.clockRate }],
      encodings: [{ ssrc: STREAM.ssrc }],
    },
  });
  return {
    port: input.tuple.localPort,
    addConsumer: (port, isEncrypted) => addConsumer(router, producer, port, isEncrypted),
    read: async () => {
      const askedAtMs = performance.now();
      const [usage, stats] = await Promise.all([worker.getResourceUsage(), producer.getStats()]);
      const packetsIn = stats.reduce((sum, stat) => sum + stat.packetCount, 0);
      const lostIn = stats.reduce((sum, stat) => sum + stat.packetsLost, 0);
      const atMs = performance.now();
      const cpuMs = usage.ru_utime + usage.ru_stime;
      return { packetsIn, lostIn, cpuMs, atMs, answerMs: atMs - askedAtMs };
    },
    close: () => worker.close(),
  };
}

async function addConsumer(
  router: types.Router,
  producer: types.Producer,
  port: number,
  isEncrypted: boolean,
): Promise<void> {
  const transport = await router.createPlainTransport({
    listenInfo: LISTEN,
    rtcpMux: true,
    comedia: false,
    ...(isEncrypted ? { enableSrtp: true, srtpCryptoSuite: SUITE } : {}),
  });
  const keyBase64 = randomBytes(KEY_BYTES).toString("base64");
  const srtpParameters = isEncrypted ? { cryptoSuite: SUITE, keyBase64 } : undefined;
  await transport.connect({ ip: "127.0.0.1", port, srtpParameters });
  await transport.consume({ producerId: producer.id, rtpCapabilities: router.rtpCapabilities });
}
