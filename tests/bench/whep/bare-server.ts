import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { provideWorker } from "@fairlead/mediasoup-worker";
import { createWorker, type types } from "mediasoup";
import { answerParent } from "../processes/ask-child.ts";

/** mediasoup alone, with its viewers' own payload type: what every WHEP server on it costs at least. */
export type BareTasks = {
  open: {
    input: { publishedType: number; payloadType: number };
    output: { url: string; workerPid: number };
  };
};

const IP = "127.0.0.1";
const FEEDBACK: types.RtcpFeedback[] = [{ type: "nack" }, { type: "nack", parameter: "pli" }];
const KEY_FRAME_REQUEST_DELAY_MS = 500;

answerParent({
  open: async ({ publishedType, payloadType }: BareTasks["open"]["input"]) => {
    const { bin } = await provideWorker();
    const worker = await createWorker({ workerBin: bin, logLevel: "error" });
    const codec = { kind: "video", mimeType: "video/VP8", clockRate: 90_000 } as const;
    const router = await worker.createRouter({
      mediaCodecs: [{ ...codec, preferredPayloadType: payloadType }],
    });
    const webRtcServer = await worker.createWebRtcServer({
      listenInfos: [{ protocol: "udp", ip: IP, portRange: { min: 20_000, max: 32_000 } }],
    });
    const bare = new Bare(router, webRtcServer, publishedType);
    const server = createServer(async (request, response) => {
      const { method, url = "" } = request;
      if (method === "DELETE") bare.close(url);
      else {
        const { location, answer } = await bare.answer(url, await text(request));
        response.writeHead(201, { "content-type": "application/sdp", location });
        response.write(answer);
      }
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, IP, resolve));
    return { url: `http://${IP}:${(server.address() as AddressInfo).port}`, workerPid: worker.pid };
  },
});

class Bare {
  readonly #router: types.Router;
  readonly #webRtcServer: types.WebRtcServer;
  readonly #publishedType: number;
  readonly #transports = new Map<string, types.WebRtcTransport>();
  #producer: types.Producer | null = null;

  constructor(router: types.Router, webRtcServer: types.WebRtcServer, publishedType: number) {
    this.#router = router;
    this.#webRtcServer = webRtcServer;
    this.#publishedType = publishedType;
  }

  close(location: string): void {
    this.#transports.get(location)?.close();
    this.#transports.delete(location);
  }

  async answer(path: string, offer: string): Promise<{ location: string; answer: string }> {
    const transport = await this.#router.createWebRtcTransport({ webRtcServer: this.#webRtcServer });
    const value = /^a=fingerprint:sha-256 (\S+)/m.exec(offer)?.[1] ?? "";
    await transport.connect({
      dtlsParameters: { role: "client", fingerprints: [{ algorithm: "sha-256", value }] },
    });
    const location = `/${transport.id}`;
    this.#transports.set(location, transport);
    if (path === "/whip") await this.#produce(transport, offer);
    else await this.#consume(transport);
    return { location, answer: answerOf(transport) };
  }

  async #produce(transport: types.WebRtcTransport, offer: string): Promise<void> {
    const ssrc = Number(/^a=ssrc:(\d+)/m.exec(offer)?.[1]);
    this.#producer = await transport.produce({
      kind: "video",
      keyFrameRequestDelay: KEY_FRAME_REQUEST_DELAY_MS,
      rtpParameters: {
        codecs: [
          {
            mimeType: "video/VP8",
            clockRate: 90_000,
            payloadType: this.#publishedType,
            rtcpFeedback: FEEDBACK,
          },
        ],
        encodings: [{ ssrc }],
      },
    });
  }

  async #consume(transport: types.WebRtcTransport): Promise<void> {
    const { codecs = [] } = this.#router.rtpCapabilities;
    const rtpCapabilities = { codecs: codecs.filter(({ mimeType }) => mimeType !== "video/rtx") };
    const producerId = this.#producer?.id ?? "";
    const consumer = await transport.consume({ producerId, rtpCapabilities, paused: true });
    transport.on("dtlsstatechange", (state) => void (state === "connected" && consumer.resume()));
  }
}

/** What the bench's own peers read of an answer. */
function answerOf({ iceParameters, iceCandidates }: types.WebRtcTransport): string {
  const { usernameFragment, password } = iceParameters;
  const candidates = iceCandidates.map(
    ({ foundation, protocol, priority, address, port }) =>
      `a=candidate:${foundation} 1 ${protocol} ${priority} ${address} ${port} typ host`,
  );
  return [`a=ice-ufrag:${usernameFragment}`, `a=ice-pwd:${password}`, ...candidates, ""].join("\r\n");
}
