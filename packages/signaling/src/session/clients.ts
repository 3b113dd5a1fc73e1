import { FairleadError } from "@fairlead/protocol";
import type { SignalingContext } from "../context.ts";
import { type ClientChannel, ClientConnection, TICK_MS } from "./client-connection.ts";
import { LiveLinks } from "./live-links.ts";
import { UnjoinedSockets } from "./unjoined-sockets.ts";

/** Whoever has come on an open socket says who he is at once. */
const TOO_MANY_UNJOINED = {
  message: "too many sockets of this address wait for their join",
  retryAfterMs: 1_000,
};

/** The connected clients of this process, for the time of their connections. */
export class Clients {
  readonly #context: SignalingContext;
  readonly links: LiveLinks;
  readonly #connections = new Set<ClientConnection>();
  readonly #unjoined: UnjoinedSockets;
  #isShuttingDown = false;
  #ticks: ReturnType<typeof setInterval> | undefined;

  constructor(context: SignalingContext) {
    this.#context = context;
    this.links = new LiveLinks(context);
    this.#unjoined = new UnjoinedSockets(context.limits.unjoinedPerAddress);
  }

  get isShuttingDown(): boolean {
    return this.#isShuttingDown;
  }

  /** @throws {FairleadError} `shutting_down`, `signaling_full`. */
  refuseNewcomers(): void {
    if (this.#isShuttingDown) throw new FairleadError("shutting_down");
    if (this.#connections.size >= this.#context.limits.connections) throw new FairleadError("signaling_full");
  }

  /** @param context That of the request which opened the connection: its trace goes with what the client does. */
  accept(channel: ClientChannel, context: SignalingContext = this.#context): ClientConnection {
    // Who asks for a stream has one request, which is refused or live at once.
    const leaveUnjoined = this.#unjoined.enter(channel.isOneWay ? undefined : context.address);
    const connection: ClientConnection = new ClientConnection(context, this.links, channel, {
      onExcused: () => leaveUnjoined?.(),
      onClosed: () => {
        leaveUnjoined?.();
        this.#forget(connection);
      },
    });
    // Upgrades that began when there was room, or before the shutdown, may end after it.
    const isFull = this.#connections.size >= this.#context.limits.connections;
    this.#connections.add(connection);
    this.#ticks ??= setInterval(() => this.#tick(), TICK_MS);
    if (this.#isShuttingDown) connection.refuse("shutting_down");
    else if (isFull) connection.refuse("signaling_full");
    else if (leaveUnjoined === null) connection.refuse("rate_limited", TOO_MANY_UNJOINED);
    return connection;
  }

  #tick(): void {
    for (const connection of this.#connections) connection.tick();
  }

  #forget(connection: ClientConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#ticks);
    this.#ticks = undefined;
  }

  async shutDown(): Promise<void> {
    if (this.#isShuttingDown) return;
    this.#isShuttingDown = true;
    this.#context.log.info("signaling.shutting_down", { connections: this.#connections.size });
    for (const connection of [...this.#connections]) connection.refuse("shutting_down");
    await this.#context.bus.flush().catch((error: unknown) => {
      // A bus that is away has nothing of ours to hand on.
      if (!(error instanceof FairleadError)) throw error;
    });
  }
}
