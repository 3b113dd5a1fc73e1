import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import type { RtpTarget } from "../ingest/open-ingest.ts";

/** What one ffmpeg is told of a track's way: RTCP goes by us. */
export type RtpOutput = RtpTarget & { localRtpPort: number; sequence: number };

const SENDER_REPORT = 200;
/** Of the sender's packet count, RFC 3550 § 6.4.1. */
const COUNT_AT = 20;
const SEQUENCES = 65_536;
/** ffmpeg begins as low, so that SRTP has no wrap at once. */
const FIRST_SEQUENCES = 4_096;
/** More than was guessed too few, and less than what receivers take for a new stream (RFC 3550, appendix A.1: 3,000). */
const MARGIN = 200;

/**
 * A track's way to mediasoup, which ffmpegs that follow one another use as if they were one: from the same port, with sequence
 * numbers that go on. Otherwise mediasoup would ignore the next one, and SRTP refuse its packets as old.
 *
 * RTP itself goes straight to its target. Sender reports pass here, and tell how many packets there were.
 */
export class RtpPath {
  readonly #target: RtpTarget;
  readonly #rtcp: Socket;
  readonly #localRtpPort: number;
  #sequence = randomInt(FIRST_SEQUENCES);
  #reported = 0;
  #sinceReport = 0;
  #hasRun = false;
  #isClosed = false;

  private constructor(target: RtpTarget, rtcp: Socket, localRtpPort: number) {
    this.#target = target;
    this.#rtcp = rtcp;
    this.#localRtpPort = localRtpPort;
    rtcp.on("message", (packet, { port }) => this.#passOn(packet, port));
    rtcp.on("error", () => {});
  }

  static async open(target: RtpTarget): Promise<RtpPath> {
    const rtcp = await bind(target.ip);
    try {
      const rtp = await bind(target.ip);
      const localRtpPort = rtp.address().port;
      rtp.close();
      return new RtpPath(target, rtcp, localRtpPort);
    } catch (error) {
      rtcp.close();
      throw error;
    }
  }

  /** For the next ffmpeg. */
  beginRun(): RtpOutput {
    if (this.#hasRun) this.#sequence += this.#reported + this.#sinceReport + MARGIN;
    this.#sequence %= SEQUENCES;
    this.#hasRun = true;
    this.#reported = 0;
    this.#sinceReport = 0;
    const rtcpPort = this.#rtcp.address().port;
    return { ...this.#target, rtcpPort, localRtpPort: this.#localRtpPort, sequence: this.#sequence };
  }

  /** @param packets About as many as what was written to ffmpeg becomes. */
  noteWritten(packets: number): void {
    this.#sinceReport += packets;
  }

  /** Idempotent. */
  close(): void {
    if (!this.#isClosed) this.#rtcp.close();
    this.#isClosed = true;
  }

  /** What mediasoup says has nobody to hear it: ffmpeg heeds no requests. */
  #passOn(packet: Buffer, fromPort: number): void {
    if (fromPort === this.#target.rtcpPort) return;
    if (packet.length >= COUNT_AT + 4 && packet.readUInt8(1) === SENDER_REPORT) {
      this.#reported = packet.readUInt32BE(COUNT_AT);
      this.#sinceReport = 0;
    }
    this.#rtcp.send(packet, this.#target.rtcpPort, this.#target.ip);
  }
}

async function bind(ip: string): Promise<Socket> {
  const socket = createSocket(isIPv6(ip) ? "udp6" : "udp4").bind(0, ip);
  try {
    await once(socket, "listening");
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
