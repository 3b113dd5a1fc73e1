import { FairleadError } from "@fairlead/protocol";
import type { SignalingContext } from "../context.ts";
import { type ClientChannel, ClientConnection, TICK_MS } from "./client-connection.ts";
import { LiveLinks } from "./live-links.ts";

/** The connected clients of this process, for the time of their connections. */
export class Clients {
  readonly #context: SignalingContext;
  readonly links: LiveLinks;
  readonly #connections = new Set<ClientConnection>();
  #isShuttingDown = false;
  #ticks: ReturnType<typeof setInterval> | undefined;

  constructor(context: SignalingContext) {
    this.#context = context;
    this.links = new LiveLinks(context);
  }

  get isShuttingDown(): boolean {
    return this.#isShuttingDown;
  }

  /** @throws {FairleadError} `shutting_down`. */
  refuseNewcomers(): void {
    if (this.#isShuttingDown) throw new FairleadError("shutting_down");
  }

  /** @param context That of the request which opened the connection: its trace goes with what the client does. */
  accept(channel: ClientChannel, context: SignalingContext = this.#context): ClientConnection {
    const connection: ClientConnection = new ClientConnection(context, this.links, channel, () =>
      this.#forget(connection),
    );
    this.#connections.add(connection);
    this.#ticks ??= setInterval(() => this.#tick(), TICK_MS);
    // Upgrades that began before the shutdown may end after it.
    if (this.#isShuttingDown) connection.shutDown();
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
    for (const connection of [...this.#connections]) connection.shutDown();
    await this.#context.bus.flush().catch((error: unknown) => {
      // A bus that is away has nothing of ours to hand on.
      if (!(error instanceof FairleadError)) throw error;
    });
  }
}
