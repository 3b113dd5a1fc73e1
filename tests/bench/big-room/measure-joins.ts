import { setTimeout as delay } from "node:timers/promises";
import type { Child } from "../processes/ask-child.ts";
import type { CrowdTasks } from "./crowd.ts";
import type { RoomServer } from "./room-server.ts";

/** CPU ms per join, by the server's parts and together. */
export type Cost = Record<string, number> & { all: number };
export type Joining = { room: string; count: number; isAtOnce: boolean };

/** Longer than clients wait with a ping, and so with what they acknowledge: that belongs to the joins that it is about. */
const SETTLE_MS = 5_500;
const PAUSE_MS = 50;
/** A server that has just started does nothing between two of its joins. */
const COLD_PAUSE_MS = 20;
const COLD_SETTLE_MS = 1_000;
const GROW_AT_ONCE = 50;

/** A server, and a crowd of its own. */
export class Measured {
  readonly #server: RoomServer;
  readonly #crowd: Child<CrowdTasks>;

  constructor(server: RoomServer, crowd: Child<CrowdTasks>) {
    this.#server = server;
    this.#crowd = crowd;
  }

  /** Peers that stay. */
  async grow(room: string, count: number): Promise<void> {
    for (let left = count; left > 0; left -= GROW_AT_ONCE)
      await this.#join({ room, count: Math.min(left, GROW_AT_ONCE), isAtOnce: true }, 0);
  }

  async leave(count: number): Promise<void> {
    await this.#crowd.ask("leave", { count });
  }

  /** What joins cost beyond what the room costs anyway. The joined stay. */
  async cost(joining: Joining): Promise<Cost> {
    const tickets = await this.#tickets(joining);
    await delay(SETTLE_MS);
    const idle = await this.#during(() => delay(SETTLE_MS));
    const busy = await this.#during(async () => {
      await this.#joinWith(tickets, joining.isAtOnce, PAUSE_MS);
      await delay(SETTLE_MS);
    });
    const perJoin = (part: string) =>
      ((busy.cpuMs[part] ?? 0) - ((idle.cpuMs[part] ?? 0) * busy.ms) / idle.ms) / joining.count;
    return sumUp(Object.fromEntries(Object.keys(busy.cpuMs).map((part) => [part, perJoin(part)])));
  }

  /** The first joins of a fresh server, one after another. */
  async coldCost(joining: Joining): Promise<Cost> {
    const tickets = await this.#tickets(joining);
    const { cpuMs } = await this.#during(async () => {
      await this.#joinWith(tickets, false, COLD_PAUSE_MS);
      await delay(COLD_SETTLE_MS);
    });
    return sumUp(Object.fromEntries(Object.entries(cpuMs).map(([part, ms]) => [part, ms / joining.count])));
  }

  async close(): Promise<void> {
    await this.#crowd.close();
    await this.#server.close();
  }

  enlarge(room: string): Promise<void> {
    return this.#server.enlarge(room);
  }

  async #join(joining: Joining, pauseMs: number): Promise<void> {
    await this.#joinWith(await this.#tickets(joining), joining.isAtOnce, pauseMs);
  }

  async #joinWith(tickets: readonly string[], isAtOnce: boolean, pauseMs: number): Promise<void> {
    await this.#crowd.ask("join", { url: this.#server.url, tickets, isAtOnce, pauseMs });
  }

  async #tickets({ room, count }: Joining): Promise<string[]> {
    const tickets: string[] = [];
    for (let made = 0; made < count; made += 1) tickets.push(await this.#server.ticket(room));
    return tickets;
  }

  async #during(act: () => Promise<unknown>): Promise<{ cpuMs: Record<string, number>; ms: number }> {
    const beginMs = performance.now();
    const before = await this.#server.cpuMs();
    await act();
    const after = await this.#server.cpuMs();
    const cpuMs = Object.entries(after).map(([part, ms]) => [part, ms - (before[part] ?? 0)]);
    return { cpuMs: Object.fromEntries(cpuMs), ms: performance.now() - beginMs };
  }
}

function sumUp(parts: Record<string, number>): Cost {
  return { ...parts, all: Object.values(parts).reduce((sum, ms) => sum + ms, 0) };
}
