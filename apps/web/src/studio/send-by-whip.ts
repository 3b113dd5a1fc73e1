import { pause } from "../broadcast/pause.ts";
import { deleteSession, postOffer, type SdpSession } from "../broadcast/sdp-exchange.ts";
import { sumOf, untilSilent } from "../broadcast/until-silent.ts";
import type { Capture } from "./capture.ts";
import type { Sender } from "./sender.ts";

const SILENT_MS = 2_500;
const TRIES = 20;
const RETRY_MS = 500;
const RETRY_MAX_MS = 3_000;

/** Half and full size, so that viewers on slow networks get a picture too. */
const LAYERS: RTCRtpEncodingParameters[] = [
  { rid: "low", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "high", maxBitrate: 2_500_000 },
];

const REFUSALS: Record<number, string> = {
  401: "The stream key does not count any more. Make a new one.",
  403: "The operator of the server refused the broadcast.",
  409: "Another encoder sends right now. Stop it, or wait two seconds after its end.",
  410: "The broadcast has ended.",
};

/** Nothing that passes: asking again would bring the same. */
const FINAL = [401, 403, 410];

class WhipRefusal extends Error {
  readonly isFinal: boolean;

  constructor(status: number) {
    super(REFUSALS[status] ?? `The server refused (HTTP ${status}).`);
    this.isFinal = FINAL.includes(status);
  }
}

/**
 * Publishes as any WHIP client does, without the SDK: a POST for each connection, and another one when that is lost. The capture stays the
 * caller's.
 * @throws {Error} With the reason for people.
 */
export async function sendByWhip(url: string, streamKey: string, capture: Capture): Promise<Sender> {
  const sender = new WhipSender(url, streamKey, capture);
  await sender.connect();
  void sender.keepConnected();
  return sender;
}

class WhipSender implements Sender {
  readonly way = "whip";
  readonly #url: string;
  readonly #streamKey: string;
  readonly #capture: Capture;
  readonly #stopping = new AbortController();
  #connection: RTCPeerConnection | undefined;
  #session: SdpSession | undefined;
  #tell: (reason: string) => void = () => {};

  constructor(url: string, streamKey: string, capture: Capture) {
    this.#url = url;
    this.#streamKey = streamKey;
    this.#capture = capture;
  }

  async getStats(): Promise<RTCStatsReport> {
    return (await this.#connection?.getStats()) ?? new Map();
  }

  onEnded(listener: (reason: string) => void): void {
    this.#tell = listener;
  }

  stop(): void {
    this.#stopping.abort();
    this.#disconnect();
  }

  async connect(): Promise<void> {
    const connection = new RTCPeerConnection();
    this.#connection = connection;
    try {
      addTracks(connection, this.#capture);
      await connection.setLocalDescription();
      const offer = connection.localDescription?.sdp ?? "";
      const exchange = await postOffer(this.#url, this.#streamKey, offer, this.#stopping.signal);
      if (exchange.state === "unreachable") throw new Error("The server does not answer.");
      if (exchange.state === "refused") throw new WhipRefusal(exchange.status);
      this.#session = exchange.session;
      await connection.setRemoteDescription({ type: "answer", sdp: exchange.session.answer });
    } catch (error) {
      this.#disconnect();
      throw error;
    }
  }

  /** Connects anew whenever the connection is lost, until it is stopped or refused for good. */
  async keepConnected(): Promise<void> {
    for (;;) {
      await this.#untilLost();
      const failure = await this.#reconnect();
      if (failure === undefined) continue;
      if (!this.#stopping.signal.aborted) this.#tell(failure.message);
      return;
    }
  }

  /** At once, then less and less often. @returns Why it gave up; undefined when it is connected. */
  async #reconnect(): Promise<Error | undefined> {
    let failure = new Error("The connection was lost.");
    for (let tries = 0; tries < TRIES; tries += 1) {
      this.#disconnect();
      await pause(Math.min(RETRY_MS * tries, RETRY_MAX_MS) * Math.random(), this.#stopping.signal);
      if (this.#stopping.signal.aborted) break;
      try {
        await this.connect();
        return undefined;
      } catch (error) {
        if (error instanceof Error) failure = error;
        if (error instanceof WhipRefusal && error.isFinal) break;
      }
    }
    return failure;
  }

  /** While a picture is sent, the server reports ten times a second on what it got (transport-wide congestion control). */
  async #untilLost(): Promise<void> {
    if (!this.#connection) return;
    await untilSilent(this.#connection, {
      arrived: (report) => sumOf(report, "transport", "bytesReceived"),
      silentMs: SILENT_MS,
      // Browsers without this count tell of a loss by the state of the connection alone.
      startMs: Number.POSITIVE_INFINITY,
      signal: this.#stopping.signal,
    });
  }

  #disconnect(): void {
    if (this.#session) deleteSession(this.#session, this.#streamKey);
    this.#session = undefined;
    this.#connection?.close();
  }
}

/** One picture and one sound: all that WHIP sends is one stream (RFC 9725 § 4.4.2). */
function addTracks(
  connection: RTCPeerConnection,
  { source, picture, microphone, screenSound }: Capture,
): void {
  const sendEncodings = source === "camera" ? LAYERS : [{ maxBitrate: 4_000_000 }];
  const streams = [new MediaStream()];
  connection.addTransceiver(picture, { direction: "sendonly", streams, sendEncodings });
  const sound = microphone ?? screenSound;
  if (sound) connection.addTransceiver(sound, { direction: "sendonly", streams });
}
