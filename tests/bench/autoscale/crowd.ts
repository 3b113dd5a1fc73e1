import { FairleadError, PING_INTERVAL_MS } from "@fairlead/protocol";
import type { ProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import type { ProtocolClient } from "../../support/protocol-client.ts";

type Meeting = { room: string; clients: ProtocolClient[]; isOver: boolean; isPinned: boolean };

const PEERS = ["ann", "bob"];
const AT_ONCE = 4;
const LOOK_MS = 50;
const RETRY_MS = 200;
const BACK_WITHIN_MS = 15_000;

/** Meetings of two without media, whose peers follow their rooms as the SDK does. */
export class Crowd {
  readonly #cluster: ProcessCluster;
  readonly #meetings: Meeting[] = [];
  readonly #following = new Set<Promise<void>>();
  readonly #pings: NodeJS.Timeout;
  /** Joins of meetings that nobody had room for, by code. */
  readonly refused: string[] = [];
  /** Rooms whose peers did not find back. */
  readonly ended = new Set<string>();

  constructor(cluster: ProcessCluster) {
    this.#cluster = cluster;
    this.#pings = setInterval(() => {
      for (const { clients } of this.#meetings)
        for (const client of clients) if (client.isConnected) client.send({ type: "ping" });
    }, PING_INTERVAL_MS);
  }

  get peers(): number {
    return this.#meetings.reduce((sum, { clients }) => sum + clients.length, 0);
  }

  /** Some come, or go, until so many meetings are there; a refused one is counted and comes again. */
  async settleAt(meetings: number): Promise<void> {
    while (this.#meetings.length < meetings) {
      const missing = Math.min(AT_ONCE, meetings - this.#meetings.length);
      await Promise.all(Array.from({ length: missing }, () => this.#meet()));
    }
    while (this.#meetings.length > meetings) await this.#part();
  }

  /**
   * Holds the youngest room of each node where it is, so that no drain is over before that is taken back.
   * @returns Takes it back.
   */
  async pinOneOnEach(): Promise<() => Promise<void>> {
    const { api, room: read } = this.#cluster;
    const pinned = new Map<string, Meeting>();
    for (const meeting of this.#meetings.toReversed()) {
      const nodeId = (await read(meeting.room)).placement?.nodeId;
      if (nodeId === undefined || pinned.has(nodeId)) continue;
      await api("PUT", `/v1/rooms/${meeting.room}`, { nodeId });
      meeting.isPinned = true;
      pinned.set(nodeId, meeting);
    }
    return async () => {
      for (const meeting of pinned.values()) {
        await api("PUT", `/v1/rooms/${meeting.room}`, {});
        meeting.isPinned = false;
      }
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#pings);
    for (const meeting of this.#meetings) this.#giveUp(meeting);
    await Promise.all(this.#following);
  }

  async #meet(): Promise<void> {
    const meeting: Meeting = { room: this.#cluster.newRoom(), clients: [], isOver: false, isPinned: false };
    for (const name of PEERS) {
      const client = await this.#join(meeting.room, name);
      if (!client) return this.#giveUp(meeting);
      meeting.clients.push(client);
      const following = this.#follow(meeting, client);
      this.#following.add(following);
      void following.finally(() => this.#following.delete(following));
    }
    this.#meetings.push(meeting);
  }

  #giveUp(meeting: Meeting): void {
    meeting.isOver = true;
    for (const client of meeting.clients) client.drop();
  }

  async #join(room: string, name: string): Promise<ProtocolClient | null> {
    try {
      return await this.#cluster.join(room, name);
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      this.refused.push(error.code);
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? RETRY_MS));
      return null;
    }
  }

  /** The youngest stay, and those that are pinned: the oldest nodes empty first, and not evenly. */
  async #part(): Promise<void> {
    const at = this.#meetings.findIndex(({ isPinned }) => !isPinned);
    const [meeting] = at < 0 ? [] : this.#meetings.splice(at, 1);
    if (!meeting) throw new Error("all that are left are pinned");
    meeting.isOver = true;
    await Promise.all(meeting.clients.map((client) => client.leave().catch(() => client.drop())));
  }

  async #follow(meeting: Meeting, client: ProtocolClient): Promise<void> {
    for (let heard = 0; !meeting.isOver; ) {
      const told = client.framesOf("moved").length + client.framesOf("error").length;
      if (told > heard && !(await this.#comeBack(meeting, client))) return;
      heard = client.framesOf("moved").length + client.framesOf("error").length;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async #comeBack(meeting: Meeting, client: ProtocolClient): Promise<boolean> {
    const untilMs = performance.now() + BACK_WITHIN_MS;
    while (!meeting.isOver) {
      try {
        await client.rejoin();
        return true;
      } catch (error) {
        const waitMs = error instanceof FairleadError ? (error.retryAfterMs ?? RETRY_MS) : RETRY_MS;
        if (performance.now() > untilMs) {
          this.ended.add(meeting.room);
          return false;
        }
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
    return true;
  }
}
