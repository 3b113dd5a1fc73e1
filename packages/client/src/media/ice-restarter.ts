import type { JoinReply } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import type { SendCommand } from "../connection/session.ts";
import { afterAwake } from "../running-clock.ts";

/** Most `disconnected` transports come back by themselves within this time. */
const PATIENCE_MS = 3_000;
/** A restart needs some round trips before another one makes sense. */
const INTERVAL_MS = 5_000;
/** A transport that is not connected this long after it began will most likely never be: it has found no candidate, say. */
const STUCK_AFTER_MS = 10_000;
/** TURN credentials of this age may have expired: half of the shortest life that a node can give them. */
const FRESH_FOR_MS = 30_000;

type Transport = Pick<
  types.Transport,
  "id" | "closed" | "connectionState" | "on" | "updateIceServers" | "restartIce"
>;

type IceRestarterOptions = {
  transport: Transport;
  command: SendCommand;
  /** What the transport was made with. */
  iceServers: JoinReply["iceServers"];
  /** Milliseconds, also of sleep. */
  now: () => number;
};

/**
 * Restarts a transport's ICE when its path broke (a change of network, a NAT that forgot), or when it found none to begin with,
 * which no event tells.
 */
export class IceRestarter {
  readonly #options: IceRestarterOptions;
  readonly #madeAtMs: number;
  #preparation: Promise<void> | undefined;
  #cancelTimer = () => {};
  #hasBegun = false;
  #isStuck = false;
  #isRestarting = false;

  constructor(options: IceRestarterOptions) {
    this.#options = options;
    this.#madeAtMs = options.now();
    options.transport.on("connectionstatechange", (state) => this.#handleState(state));
    options.transport.on("connect", () => this.#handleBegin());
  }

  /** It carries nothing, though it should. */
  get isBroken(): boolean {
    const { connectionState } = this.#options.transport;
    return this.#isStuck || connectionState === "failed" || connectionState === "disconnected";
  }

  /**
   * To be awaited before the transport is given something to carry: gets fresh servers before the first connect if the
   * credentials from the join may have expired.
   *
   * @returns undefined if there is nothing to wait for.
   */
  prepare(): Promise<void> | undefined {
    const { iceServers, now } = this.#options;
    const mayHaveExpired =
      iceServers.some(({ username }) => username) && now() - this.#madeAtMs > FRESH_FOR_MS;
    if (!this.#hasBegun && mayHaveExpired) this.#preparation ??= this.#restart();
    return this.#hasBegun ? undefined : this.#preparation;
  }

  /** Restarts at once, e.g. because the browser has a new network. Does nothing before the transport has something to carry. */
  async restart(): Promise<void> {
    if (this.#isRestarting || this.#options.transport.closed || !this.#hasBegun) return;
    this.#cancelTimer();
    this.#isRestarting = true;
    await this.#restart();
    this.#isRestarting = false;
    const { closed, connectionState } = this.#options.transport;
    if (!closed && connectionState !== "connected")
      this.#lookAfter(isBeginning(connectionState) ? STUCK_AFTER_MS : INTERVAL_MS);
  }

  close(): void {
    this.#cancelTimer();
  }

  async #restart(): Promise<void> {
    const { transport, command } = this.#options;
    try {
      const answer = await command("transport.restart_ice", { transportId: transport.id });
      const { iceParameters, iceServers } = answer;
      // The credentials from the join may have expired. The list is empty for a node without TURN, or an older one.
      if (iceServers.length > 0) await transport.updateIceServers({ iceServers });
      await transport.restartIce({ iceParameters: iceParameters as types.IceParameters });
    } catch {
      // The session ended, and a new one brings new transports; or the node is away, and we try again.
    }
  }

  #handleBegin(): void {
    this.#hasBegun = true;
    this.#lookAfter(STUCK_AFTER_MS);
  }

  #handleState(state: types.ConnectionState): void {
    if (state === "failed") void this.restart();
    else if (state === "disconnected") this.#lookAfter(PATIENCE_MS);
    else if (state === "connected") {
      this.#isStuck = false;
      this.#cancelTimer();
    }
  }

  #lookAfter(delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = afterAwake(delayMs, () => this.#look());
  }

  #look(): void {
    this.#isStuck ||= isBeginning(this.#options.transport.connectionState);
    void this.restart();
  }
}

function isBeginning(state: types.ConnectionState): boolean {
  return state === "new" || state === "connecting";
}
