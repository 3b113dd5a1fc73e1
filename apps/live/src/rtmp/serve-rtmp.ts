import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContextOptions, TLSSocket } from "node:tls";
import { canonicalAddress } from "@fairlead/signaling";
import { type Logger, type Metrics, noMetrics } from "@fairlead/telemetry";
import { Children } from "../encoder/children.ts";
import type { Rung } from "../encoder/hls-plan.ts";
import type { EncoderHost } from "../encoder/ingest-stream.ts";
import { Places } from "../encoder/places.ts";
import { findInPath, findSandbox } from "../encoder/sandbox.ts";
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from "../encoder/stream-bounds.ts";
import type { OpenIngest } from "../ingest/open-ingest.ts";
import { Connection, type ConnectionTimeouts } from "./connection.ts";
import { readProxyHeader } from "./read-proxy-header.ts";
import { WordedRefusal } from "./refusal-words.ts";

export type RtmpLimits = StreamLimits & {
  /** Default: 1,000, and never fewer than 2 for each publisher. */
  connections: number;
  /** Of IPv6: per /64. */
  connectionsPerAddress: number;
  publishers: number;
  transcodes: number;
  /** Of x264, for each stream that is encoded anew. */
  threadsPerTranscode: number;
};

export type RtmpOptions = {
  host: string;
  /** 0: any. */
  port: number;
  /** rtmps, on a port of its own. `options` are Node's: `key` and `cert`. */
  tls?: { port: number; options: SecureContextOptions };
  /** Each connection begins with a header of the PROXY protocol: only where nobody but the balancer reaches the ports. */
  isBehindProxy?: boolean;
  open: OpenIngest;
  /** Of HLS, besides the source. Default: none. */
  ladder?: readonly Rung[];
  limits?: Partial<RtmpLimits>;
  timeouts?: Partial<ConnectionTimeouts>;
  /** The executable. */
  ffmpeg: string;
  metrics?: Metrics;
  log: Logger;
  /** Milliseconds that no setting of a clock changes. */
  now?: () => number;
};

export type RtmpServer = {
  port: number;
  /** null without rtmps. */
  tlsPort: number | null;
  /** For probes, metrics and the ledger. `pid`: of its ffmpeg, once there is one. */
  publishers(): { address: string; pid: number | undefined; isTranscoded: boolean }[];
  /** The programs that it has started. */
  children: Children;
  /** What all that runs ffmpeg here shares. */
  encoderHost: EncoderHost;
  isDraining: boolean;
  isClosing: boolean;
  /** Nobody begins to publish, and publishers are told one by one, so that they come back elsewhere. Resolves when all have been told. */
  drain(options?: { pauseMs?: number }): Promise<void>;
  /** It takes publishers again. */
  undrain(): void;
  /** Nobody new, and publishers told one by one, so that they come back elsewhere one by one. Resolves when no ffmpeg is left. */
  close(options?: { pauseMs?: number }): Promise<void>;
};

export const DEFAULT_RTMP_LIMITS: RtmpLimits = {
  ...DEFAULT_STREAM_LIMITS,
  connections: 1_000,
  connectionsPerAddress: 50,
  publishers: 100,
  transcodes: 1,
  threadsPerTranscode: 1,
};
/** The one that comes anew while the one before it is not over. */
const CONNECTIONS_PER_PUBLISHER = 2;
const DEFAULT_TIMEOUTS: ConnectionTimeouts = { publishMs: 10_000, idleMs: 15_000 };

/**
 * Takes in streams by RTMP: each is claimed by `open` before a byte of its media is used, and goes on as RTP to where that says.
 *
 * @throws {Error} A port is taken.
 */
export async function serveRtmp(options: RtmpOptions): Promise<RtmpServer> {
  const { host, tls } = options;
  const gate = new Gate(options);
  const tcp = createServer({ noDelay: true }, (socket) => void gate.admit(socket, () => socket));
  const secureContext = tls && createSecureContext(tls.options);
  const overTls = createServer({ noDelay: true }, (socket) => {
    void gate.admit(socket, () => new TLSSocket(socket, { isServer: true, secureContext }));
  });
  const port = await listen(tcp, options.port, host);
  const tlsPort = tls ? await listen(overTls, tls.port, host) : null;
  return {
    port,
    tlsPort,
    children: gate.children,
    encoderHost: gate.encoderHost,
    get isDraining() {
      return gate.isDraining;
    },
    get isClosing() {
      return gate.isClosed;
    },
    drain: ({ pauseMs = 0 } = {}) => gate.drain(pauseMs),
    undrain: () => {
      gate.isDraining = false;
    },
    publishers: () => gate.connections().flatMap(({ publisher }) => publisher ?? []),
    close: async ({ pauseMs = 0 } = {}) => {
      const closed = [tcp, overTls].map(stopListening);
      await gate.close(pauseMs);
      await Promise.all(closed);
    },
  };
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address ? address.port : port;
}

/** @returns When its last connection is over. */
function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** One peer has one address, whichever family the socket has. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}

/** Whoever may publish may connect. */
export function limitsOf(given: Partial<RtmpLimits> = {}): RtmpLimits {
  const limits = { ...DEFAULT_RTMP_LIMITS, ...given };
  const connections = Math.max(
    DEFAULT_RTMP_LIMITS.connections,
    CONNECTIONS_PER_PUBLISHER * limits.publishers,
  );
  return { ...limits, connections: given.connections ?? connections };
}

/** Counts connections, all and by address, and keeps them. */
class Gate {
  readonly children = new Children();
  isDraining = false;
  isClosed = false;
  readonly encoderHost: EncoderHost;
  readonly #options: RtmpOptions;
  readonly #limits: RtmpLimits;
  readonly #shared: Pick<
    ConstructorParameters<typeof Connection>[0],
    "open" | "host" | "publishers" | "isDraining" | "log" | "timeouts"
  >;
  /** null: it says its address first. */
  readonly #sockets = new Map<Socket, Connection | null>();
  readonly #byAddress = new Map<string, number>();
  /** Programs that are being ended. */
  readonly #ending = new Set<Promise<void>>();

  constructor(options: RtmpOptions) {
    this.#options = options;
    this.#limits = limitsOf(options.limits);
    const { open, log, ladder = [], metrics = noMetrics, now = () => performance.now() } = options;
    const ffmpeg = findInPath(options.ffmpeg) ?? options.ffmpeg;
    const sandbox = findSandbox(this.#limits.publishers);
    if (sandbox.missing.length > 0) log.warn("encoder.sandbox", { missing: sandbox.missing });
    const { threadsPerTranscode } = this.#limits;
    const transcodes = new Places(this.#limits.transcodes);
    const shared = { children: this.children, metrics, now };
    const host: EncoderHost = {
      ...shared,
      ffmpeg,
      sandbox,
      limits: this.#limits,
      transcodes,
      threadsPerTranscode,
      ladder,
    };
    this.encoderHost = host;
    const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    const publishers = new Places(this.#limits.publishers);
    this.#shared = { open, log, host, publishers, isDraining: () => this.isDraining, timeouts };
  }

  connections(): Connection[] {
    return [...this.#sockets.values()].filter((connection) => connection !== null);
  }

  /** A connection beyond a limit is closed without a word: an answer would cost what the limit is there to save. */
  async admit(socket: Socket, secure: () => Duplex): Promise<void> {
    socket.on("error", () => socket.destroy());
    if (this.isClosed || this.#sockets.size >= this.#limits.connections) return void socket.destroy();
    this.#sockets.set(socket, null);
    socket.on("close", () => this.#sockets.delete(socket));
    try {
      const address = plainAddress(await this.#addressOf(socket));
      if (this.isClosed || socket.destroyed || !this.#enter(address, socket)) return void socket.destroy();
      const connection = new Connection({ ...this.#shared, socket: secure(), address });
      this.#sockets.set(socket, connection);
      socket.on("close", () => this.#track(connection.close()));
    } catch {
      socket.destroy();
    }
  }

  async drain(pauseMs: number): Promise<void> {
    if (this.isDraining) return;
    this.isDraining = true;
    const refusal = new WordedRefusal("node_draining", "This server is being drained. Connect again.");
    for (const connection of this.connections()) {
      if (!this.isDraining || this.isClosed) return;
      if (connection.publisher) await this.#dismiss(connection, refusal, pauseMs);
    }
  }

  async close(pauseMs: number): Promise<void> {
    this.isClosed = true;
    const refusal = new WordedRefusal("shutting_down", "This server is shutting down. Connect again.");
    for (const [socket, connection] of this.#sockets) {
      if (connection) await this.#dismiss(connection, refusal, pauseMs);
      else socket.destroy();
    }
    await Promise.all(this.#ending);
  }

  async #dismiss(connection: Connection, refusal: WordedRefusal, pauseMs: number): Promise<void> {
    const wasPublishing = connection.publisher !== null;
    connection.refuse(refusal);
    this.#track(connection.close());
    if (wasPublishing && pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }

  #track(ending: Promise<void>): void {
    this.#ending.add(ending);
    void ending.then(() => this.#ending.delete(ending));
  }

  async #addressOf(socket: Socket): Promise<string> {
    if (!this.#options.isBehindProxy) return socket.remoteAddress ?? "";
    return readProxyHeader(socket, this.#shared.timeouts.publishMs);
  }

  #enter(from: string, socket: Socket): boolean {
    const address = canonicalAddress(from) ?? from;
    const others = this.#byAddress.get(address) ?? 0;
    if (others >= this.#limits.connectionsPerAddress) return false;
    this.#byAddress.set(address, others + 1);
    socket.on("close", () => {
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
    return true;
  }
}
