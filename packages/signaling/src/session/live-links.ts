import { FairleadError } from "@fairlead/protocol";
import type { SignalingProcess } from "../signaling-process.ts";
import { Inbox } from "./inbox.ts";
import { type ProofOfLife, proveAlive } from "./prove-alive.ts";
import { RoomWatch } from "./room-watch.ts";
import type { LinkRegister, SessionLink } from "./session-link.ts";

/**
 * The links of this process. While there are any, one timer renews their session tickets. A bus that comes back soon makes them ask for
 * what they missed; one that stays away ends them.
 */
export class LiveLinks implements LinkRegister {
  readonly rooms: RoomWatch;
  readonly inbox: Inbox;
  readonly #shared: SignalingProcess;
  readonly #links = new Set<SessionLink>();
  #stop: (() => void) | null = null;
  /** Runs while the bus is away and the clients don't know yet. */
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(shared: SignalingProcess) {
    this.#shared = shared;
    this.rooms = new RoomWatch(shared.bus, shared.log);
    this.inbox = new Inbox(shared);
  }

  add(link: SessionLink): void {
    this.#links.add(link);
    this.#stop ??= this.#start();
  }

  delete(link: SessionLink): void {
    this.#links.delete(link);
    if (this.#links.size > 0) return;
    this.#stop?.();
    this.#stop = null;
  }

  #start(): () => void {
    const timer = setInterval(() => this.#refreshTickets(), this.#shared.limits.sessionsAliveIntervalMs);
    const unsubscribe = this.#shared.bus.onStatus((status) =>
      status === "lost" ? this.#onBusLost() : this.#onBusResumed(),
    );
    return () => {
      clearInterval(timer);
      clearTimeout(this.#patience);
      this.#patience = undefined;
      unsubscribe();
    };
  }

  #onBusLost(): void {
    const { log, limits } = this.#shared;
    this.#patience ??= setTimeout(() => {
      log.warn("bus.away", { sessions: this.#links.size });
      for (const link of [...this.#links]) link.giveUpBus();
    }, limits.busPatienceMs);
  }

  #onBusResumed(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    for (const link of this.#links) link.catchUp();
  }

  /** Tells the nodes of these links that their clients are there. */
  prove(links: readonly SessionLink[]): void {
    const sessions = links.flatMap((link) => link.takeProof() ?? []);
    for (const [incarnation, held] of Map.groupBy(sessions, (session) => session.incarnation))
      this.#prove(incarnation, held);
  }

  #refreshTickets(): void {
    for (const link of this.#links)
      link
        .refreshTicket()
        .catch((error: unknown) => this.#shared.log.error("session.refresh_failed", { error }));
  }

  #prove(incarnation: string, sessions: ProofOfLife[]): void {
    try {
      proveAlive(this.#shared.bus, incarnation, sessions);
    } catch (error) {
      // The next proof comes soon, and nodes count no time while they are cut off themselves.
      if (!(error instanceof FairleadError)) throw error;
      this.#shared.log.warn("sessions.beat_lost", { incarnation, error });
    }
  }
}
