import { FairleadError } from "@fairlead/protocol";
import type { Caller } from "../http/caller.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import type { ClientChannel } from "./client-channel.ts";
import { ClientConnection } from "./client-connection.ts";
import { LiveLinks } from "./live-links.ts";
import { TICK_MS } from "./silence.ts";
import { UnjoinedSockets } from "./unjoined-sockets.ts";

/** An honest client sends its `join` as soon as its socket is open. */
const TOO_MANY_UNJOINED = {
  message: "too many sockets of this address wait for their join",
  retryAfterMs: 1_000,
};

/** The connected clients of this process, for the time of their connections. */
export class Clients {
  readonly #shared: SignalingProcess;
  readonly links: LiveLinks;
  readonly #connections = new Set<ClientConnection>();
  readonly #unjoined: UnjoinedSockets;
  #isLeaving = false;
  #isShuttingDown = false;
  #ticks: ReturnType<typeof setInterval> | undefined;

  constructor(shared: SignalingProcess) {
    this.#shared = shared;
    this.links = new LiveLinks(shared);
    this.#unjoined = new UnjoinedSockets(shared.limits.unjoinedPerAddress);
    shared.metrics.gauge("clients.connected", () => this.#connections.size);
  }

  /** Whether load balancers should send no more clients. */
  get isLeaving(): boolean {
    return this.#isLeaving || this.#isShuttingDown;
  }

  leave(): void {
    this.#isLeaving = true;
  }

  /** @throws {FairleadError} `shutting_down`, `signaling_full`. */
  refuseNewcomers(): void {
    if (this.#isShuttingDown) throw new FairleadError("shutting_down");
    if (this.#connections.size >= this.#shared.limits.connections) throw new FairleadError("signaling_full");
  }

  /** @param caller The sender of the request which opened the connection: its trace goes with what the client does. */
  accept(channel: ClientChannel, caller: Caller): ClientConnection {
    // A request for a stream is refused or live at once, and is never unjoined.
    const leaveUnjoined = this.#unjoined.enter(channel.isOneWay ? undefined : caller.address);
    const connection: ClientConnection = new ClientConnection(caller, this.links, channel, {
      onExcused: () => leaveUnjoined?.(),
      onClosed: () => {
        leaveUnjoined?.();
        this.#forget(connection);
      },
    });
    // Upgrades that began when there was room, or before the shutdown, may end after it.
    const isFull = this.#connections.size >= this.#shared.limits.connections;
    this.#connections.add(connection);
    this.#ticks ??= setInterval(() => this.#tick(), TICK_MS);
    if (this.#isShuttingDown) connection.refuse("shutting_down");
    else if (isFull) connection.refuse("signaling_full");
    else if (leaveUnjoined === null) connection.refuse("rate_limited", TOO_MANY_UNJOINED);
    return connection;
  }

  #tick(): void {
    this.links.prove([...this.#connections].flatMap((connection) => connection.tick() ?? []));
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
    this.#shared.log.info("signaling.shutting_down", { connections: this.#connections.size });
    for (const connection of [...this.#connections]) connection.refuse("shutting_down");
    await this.#shared.bus.flush().catch((error: unknown) => {
      // A bus that is away has nothing of ours to hand on.
      if (!(error instanceof FairleadError)) throw error;
    });
  }
}
