import { expect } from "vitest";
import type { NodeProcess, ProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { expectMedia } from "../support/expect-media.ts";
import type { SdkPage } from "../support/sdk-page/sdk-page.ts";

/** Guards against a hang; how fast it goes is for the benchmarks to say. */
const PATIENCE_MS = 45_000;

type Begin = {
  peers?: number;
  /** The room begins there; it is not kept there. */
  nodeId?: string;
};

/** People in a room who see and hear each other, in one tab. */
export class Meeting {
  readonly room: string;
  readonly tab: SdkPage;
  readonly #cluster: ProcessCluster;
  readonly #peers: number;

  private constructor(cluster: ProcessCluster, tab: SdkPage, room: string, peers: number) {
    this.#cluster = cluster;
    this.tab = tab;
    this.room = room;
    this.#peers = peers;
  }

  /** Resolves when everybody sees and hears everybody. */
  static async begin(
    cluster: ProcessCluster,
    tab: SdkPage,
    { peers = 3, nodeId }: Begin = {},
  ): Promise<Meeting> {
    const room = cluster.newRoom();
    if (nodeId) await cluster.api("PUT", `/v1/rooms/${room}`, { nodeId });
    const names = Array.from({ length: peers }, (_, index) => `peer-${index + 1}`);
    await tab.join(cluster.url, await Promise.all(names.map((name) => cluster.ticket(room, name))));
    const meeting = new Meeting(cluster, tab, room, peers);
    await meeting.expectMedia();
    if (nodeId) await cluster.api("PUT", `/v1/rooms/${room}`, {});
    return meeting;
  }

  /** The node that serves the room, by the registry. */
  async node(): Promise<NodeProcess> {
    const { placement } = await this.#cluster.room(this.room);
    if (!placement) throw new Error(`${this.room} has no lease`);
    return this.#cluster.node(placement.nodeId);
  }

  /** From now on frames are decoded and sound is heard, by everybody from everybody. */
  async expectMedia(sinceConnection = 0): Promise<void> {
    const from = this.#peers * (this.#peers - 1);
    await expectMedia(this.tab, { from, sinceConnection, withinMs: PATIENCE_MS });
  }

  /** As before: nobody was moved, nobody's connection was replaced, and media flows. */
  async expectUndisturbed(before: MeetingState): Promise<void> {
    await this.expectMedia();
    const after = await this.state();
    expect(after.connections).toBe(before.connections);
    expect(after.facts.map(({ moves }) => moves)).toEqual(before.facts.map(({ moves }) => moves));
    expect(after.epoch).toBe(before.epoch);
    expect(after.facts.map(({ ended }) => ended)).toEqual(Array(this.#peers).fill(null));
  }

  /** Everybody is in the room again, by new connections, with media, and sees the others once. */
  async expectBack(before: MeetingState): Promise<void> {
    await this.expectMedia(before.connections);
    await this.expectConnected();
    expect((await this.#cluster.room(this.room)).peers).toBe(this.#peers);
  }

  /** Everybody's SDK is connected and sees the others once. */
  async expectConnected(): Promise<void> {
    const facts = async () =>
      (await this.tab.facts()).map(({ state, ended, others }) => ({ state, ended, others: others.length }));
    const whole = { state: "connected", ended: null, others: this.#peers - 1 };
    await expect.poll(facts, { timeout: PATIENCE_MS }).toEqual(Array(this.#peers).fill(whole));
  }

  async state(): Promise<MeetingState> {
    const [media, facts, room] = await Promise.all([
      this.tab.media(),
      this.tab.facts(),
      this.#cluster.room(this.room).catch(() => null),
    ]);
    return { connections: media.connections, facts, epoch: room?.placement?.epoch ?? null };
  }

  /** Everybody leaves, and the room is closed at once. */
  async end(): Promise<void> {
    await this.tab.leave();
    await this.#cluster.api("DELETE", `/v1/rooms/${this.room}`);
  }
}

export type MeetingState = {
  connections: number;
  facts: Awaited<ReturnType<SdkPage["facts"]>>;
  epoch: number | null;
};
