import type { types } from "mediasoup-client";
import type { SendCommand } from "../connection/session.ts";

/** Most `disconnected` transports come back by themselves within this time. */
const PATIENCE_MS = 3_000;
/** A restart needs some round trips before another one makes sense. */
const INTERVAL_MS = 5_000;

/** Restarts a transport's ICE when its path broke: a change of network, a NAT that forgot. */
export class IceRestarter {
  readonly #transport: types.Transport;
  readonly #command: SendCommand;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRestarting = false;

  constructor(transport: types.Transport, command: SendCommand) {
    this.#transport = transport;
    this.#command = command;
    transport.on("connectionstatechange", (state) => this.#handleState(state));
  }

  /** Restarts at once, e.g. because the browser has a new network. Does nothing before the first connect. */
  async restart(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#isRestarting || this.#transport.closed || this.#transport.connectionState === "new") return;
    this.#isRestarting = true;
    try {
      const { iceParameters, iceServers } = await this.#command("transport.restart_ice", {
        transportId: this.#transport.id,
      });
      // The credentials from the join may have expired. The list is empty for a node without TURN, or an older one.
      if (iceServers.length > 0) await this.#transport.updateIceServers({ iceServers });
      await this.#transport.restartIce({ iceParameters: iceParameters as types.IceParameters });
    } catch {
      // The session ended, and a new one brings new transports; or the node is away, and we try again.
    } finally {
      this.#isRestarting = false;
    }
    if (this.#isBroken()) this.#restartAfter(INTERVAL_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #handleState(state: types.ConnectionState): void {
    if (state === "failed") void this.restart();
    else if (state === "disconnected") this.#restartAfter(PATIENCE_MS);
    else if (state === "connected") clearTimeout(this.#timer);
  }

  #restartAfter(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.restart(), delayMs);
  }

  #isBroken(): boolean {
    return ["failed", "disconnected"].includes(this.#transport.connectionState);
  }
}
