import { randomBytes } from "node:crypto";
import { createMemoryBus } from "@fairlead/bus/memory";
import { addPublisher } from "@fairlead/media-node/add-publisher";
import { assembleNode, type NodeParts } from "@fairlead/media-node/node-parts";
import { provideWorker } from "@fairlead/mediasoup-worker";
import { RoomOptions } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { silentLogger } from "@fairlead/telemetry";
import { generateKeySet } from "@fairlead/tickets";
import type { types } from "mediasoup";
import { STREAM } from "../saturation/rtp-packets.ts";

export type Room = ReturnType<NodeParts["rooms"]["all"]>[number];
/** A room and what is published in it. */
export type Meeting = { room: Room; producer: types.Producer; port: number };
export type BenchNodeOptions = { cores: number; homeLoad?: number; fullLoad?: number };
export type Viewing = { core: number; port: number; isEncrypted?: boolean; paused?: boolean };

const IP = "127.0.0.1";
const LISTEN = { protocol: "udp", ip: IP } as const;
const SUITE: types.SrtpCryptoSuite = "AEAD_AES_128_GCM";
const KEY_BYTES = 28;
const CAMERA: types.RtpParameters = {
  codecs: [
    {
      mimeType: "video/VP8",
      payloadType: STREAM.payloadType,
      clockRate: STREAM.clockRate,
      rtcpFeedback: [{ type: "nack" }, { type: "nack", parameter: "pli" }],
    },
  ],
  encodings: [{ ssrc: STREAM.ssrc }],
};
/** As the node does. */
const TICK_MS = 200;
const CHECK_MS = 500;
const LEARN_MS = 1_000;

/**
 * A media node's own cores, rooms, seats and pipes, without sessions and heartbeats. Viewers are no peers: their media is SRTP over plain
 * transports, which needs no browser to decrypt it.
 */
export class BenchNode {
  readonly #parts: NodeParts;
  readonly #timers: readonly NodeJS.Timeout[];
  /** By core. */
  readonly #viewers = new Map<number, number>();

  private constructor(parts: NodeParts) {
    this.#parts = parts;
    const { cores, loop, seating } = parts;
    this.#timers = [
      setInterval(() => loop.tick(), TICK_MS),
      setInterval(() => cores.map((core) => core.check()), CHECK_MS),
      setInterval(() => seating.learn(this.#viewers), LEARN_MS),
    ];
  }

  static async open(options: BenchNodeOptions): Promise<BenchNode> {
    const parts = assembleNode({
      ...options,
      bus: createMemoryBus(),
      registry: createMemoryRegistry(),
      ticketKeys: await generateKeySet(),
      sessionKeys: await generateKeySet(),
      workerBin: (await provideWorker()).bin,
      log: silentLogger,
      listenAddresses: [{ ip: IP }],
    });
    await Promise.all(parts.cores.map((core) => core.start()));
    return new BenchNode(parts);
  }

  /** Measured and smoothed, 0..1, by core. */
  get loads(): number[] {
    return this.#parts.cores.map(({ load }) => load);
  }

  /** Viewers by core. */
  get seated(): number[] {
    return this.#parts.cores.map(({ index }) => this.#viewers.get(index) ?? 0);
  }

  get workerPids(): number[] {
    return this.#parts.cores.flatMap(({ running }) => running?.worker.pid ?? []);
  }

  /** What all workers have used so far. */
  async cpuMs(): Promise<number> {
    const usages = await Promise.all(
      this.#parts.cores.flatMap(({ running }) => running?.worker.getResourceUsage() ?? []),
    );
    return usages.reduce((sum, { ru_utime, ru_stime }) => sum + ru_utime + ru_stime, 0);
  }

  /** A room at home on that core, and a camera in it that waits for its packets on a port. */
  async meet(core: number): Promise<Meeting> {
    const { rooms, nodeId, incarnation } = this.#parts;
    const lease = { roomId: `room-${core}`, nodeId, incarnation, core, epoch: 1 };
    const room = await rooms.open({ lease, options: RoomOptions.parse({}), mutes: [] });
    const { home } = room.span;
    const listenInfo = LISTEN;
    const transport = await home.router.createPlainTransport({ listenInfo, rtcpMux: true, comedia: true });
    const publisher = addPublisher({ room, seat: home }, { identity: "camera", name: "", metadata: "" });
    const producer = await publisher.publish("camera", (basis) =>
      transport.produce({ ...basis, kind: "video", rtpParameters: CAMERA }),
    );
    return { room, producer, port: transport.tuple.localPort };
  }

  /** A viewer on that core, whose packets go to that port. */
  async view({ room, producer }: Meeting, viewing: Viewing): Promise<types.Consumer> {
    const { core, port, isEncrypted = true, paused = false } = viewing;
    const seat = await room.span.seatOn(core);
    const transport = await seat.router.createPlainTransport({
      listenInfo: LISTEN,
      rtcpMux: true,
      comedia: false,
      ...(isEncrypted ? { enableSrtp: true, srtpCryptoSuite: SUITE } : {}),
    });
    const keyBase64 = randomBytes(KEY_BYTES).toString("base64");
    const srtpParameters = isEncrypted ? { cryptoSuite: SUITE, keyBase64 } : undefined;
    await transport.connect({ ip: IP, port, srtpParameters });
    const { id: producerId, piped } = await room.span.bring(producer, seat);
    const { rtpCapabilities } = seat.router;
    const consumer = await transport.consume({ producerId, rtpCapabilities, paused });
    piped?.serve(consumer);
    this.#viewers.set(core, (this.#viewers.get(core) ?? 0) + 1);
    return consumer;
  }

  /**
   * A viewer who is seated as a peer is, with a peer's own transports beside.
   * @throws {FairleadError} `core_full`.
   */
  async join(meeting: Meeting, port: number): Promise<void> {
    const { core } = this.#parts.seating.take(meeting.room);
    const seat = await meeting.room.span.seatOn(core);
    await seat.openTransports({ ...seat.owner });
    await this.view(meeting, { core, port });
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#parts.cores.map((core) => core.close()));
  }
}
