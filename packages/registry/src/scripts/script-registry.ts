import {
  type BroadcastState,
  FairleadError,
  type GroupCapacity,
  type Heartbeat,
  type Lease,
  type LiveBeat,
  type LiveStatus,
  type NodeStatus,
  type RoomRecord,
  randomId,
} from "@fairlead/protocol";
import * as z from "zod";
import { pageOf, pageSize, startOf } from "../page.ts";
import type {
  HeartbeatReply,
  Holding,
  Page,
  Placement,
  PlaceRequest,
  Registry,
  RoomPatch,
} from "../registry.ts";
import { groupCapacityOf } from "../rules/capacity/group-capacity.ts";
import { DEFAULT_POLICY, type PlacementPolicy } from "../rules/policy.ts";
import type { Rate, RateStanding } from "../rules/rates/rate.ts";
import type { ScriptName } from "./compose.ts";
import { parseGroupsReply, parseHolding } from "./parse-groups.ts";
import {
  parseBeatReply,
  parseCountReply,
  parseLiveReply,
  parseNodeReply,
  parsePlaceReply,
  parseRoomReply,
  parseUpdateReply,
} from "./parse-replies.ts";
import { toRatesText } from "./rate-texts.ts";
import { reasonOf } from "./redis-answers.ts";
import type { ScriptPort, ScriptRegistryOptions } from "./script-port.ts";
import { heartbeatArguments, liveArguments, patchArguments, placeArguments } from "./to-arguments.ts";
import { withDeadline } from "./with-deadline.ts";

const TIMEOUT_MS = 250;
const HEARTBEAT_TIMEOUT_MS = 1_000;
/** At the start nobody waits for the answer, and a first request is slow: a false alarm would be worse. */
const CHECK_TIMEOUT_MS = 5_000;

type Options = Omit<ScriptRegistryOptions, "prefix" | "now"> & {
  now(): number | Promise<number>;
};

/** What an index without eviction has. */
const NO_EVICTION = "noeviction";

/** The registry in Redis. Each method is one script: one atomic step and one round trip. */
export class ScriptRegistry implements Registry {
  readonly #port: ScriptPort;
  readonly #options: Options;
  readonly #timeoutMs: number;
  readonly #policy: PlacementPolicy;
  /** Incarnations whose last heartbeat is on its way. */
  readonly #unanswered = new Set<string>();
  #isClosed = false;
  /** A call has failed, and Redis has taken no write since. */
  #isAway = false;
  #isProbing = false;

  constructor(port: ScriptPort, options: Options) {
    this.#port = port;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#policy = { ...DEFAULT_POLICY, ...options.policy };
  }

  async place(request: PlaceRequest): Promise<Placement> {
    const random = randomId(this.#options.random);
    const reply = await this.#run("place", placeArguments(request, random));
    return parsePlaceReply(reply, request, random);
  }

  async count(rates: readonly Rate[]): Promise<RateStanding[]> {
    return parseCountReply(await this.#run("count", [toRatesText(rates)]), rates);
  }

  async heartbeat(beat: Heartbeat, onLate?: (reply: HeartbeatReply) => void): Promise<HeartbeatReply> {
    const { incarnation } = beat;
    if (this.#unanswered.has(incarnation))
      throw new FairleadError("registry_unreachable", { message: "the last heartbeat is not answered yet" });
    let isLate = false;
    const sent = this.#send("heartbeat", heartbeatArguments(beat)).then(parseBeatReply);
    this.#unanswered.add(incarnation);
    sent
      .then((reply) => isLate && onLate?.(reply))
      .catch(() => {})
      .finally(() => this.#unanswered.delete(incarnation));
    try {
      return await this.#ask(this.#options.heartbeatTimeoutMs ?? HEARTBEAT_TIMEOUT_MS, () => sent);
    } catch (error) {
      isLate = true;
      throw error;
    }
  }

  async release({ roomId, incarnation, epoch }: Lease): Promise<void> {
    await this.#run("release", [roomId, incarnation, `${epoch}`]);
  }

  async removeNode(incarnation: string): Promise<void> {
    await this.#run("removeNode", [incarnation]);
  }

  async describeRoom(roomId: string): Promise<RoomRecord | null> {
    const reply = z.array(z.unknown()).parse(await this.#run("describeRoom", [roomId]));
    return reply.length === 0 ? null : parseRoomReply(reply);
  }

  async listRooms({ limit, cursor = "" }: { limit: number; cursor?: string }): Promise<Page<RoomRecord>> {
    const size = pageSize(limit);
    const reply = await this.#run("listRooms", [`${size + 1}`, cursor]);
    const rooms = z.array(z.unknown()).parse(reply).map(parseRoomReply);
    return pageOf(rooms, size, ({ roomId }) => roomId);
  }

  async listBroadcasts(options: {
    limit: number;
    cursor?: string;
    state?: BroadcastState;
  }): Promise<Page<RoomRecord>> {
    const { cursor = "", state = "" } = options;
    const size = pageSize(options.limit);
    const reply = await this.#run("listBroadcasts", [`${size + 1}`, cursor, state]);
    const rooms = z.array(z.unknown()).parse(reply).map(parseRoomReply);
    return pageOf(rooms, size, ({ roomId }) => roomId);
  }

  async updateRoom(roomId: string, patch: RoomPatch): Promise<RoomRecord> {
    return parseUpdateReply(await this.#run("updateRoom", [roomId, ...patchArguments(patch)]));
  }

  async listNodes(options: { limit: number; cursor?: string; nodeId?: string }): Promise<Page<NodeStatus>> {
    const size = pageSize(options.limit);
    const reply = await this.#run("listNodes", [`${size + 1}`, startOf(options), options.nodeId ?? ""]);
    const { items, ...rest } = pageOf(
      z.array(z.unknown()).parse(reply).map(parseNodeReply),
      size,
      (n) => n.name,
    );
    return { items: items.map(({ status }) => status), ...rest };
  }

  async listGroups(): Promise<GroupCapacity[]> {
    const { groups, moment } = parseGroupsReply(await this.#run("listGroups", []));
    return groups.map((group) => groupCapacityOf(group, moment, this.#policy));
  }

  async holdRole(role: string, holder: string, forMs: number): Promise<Holding> {
    return parseHolding(await this.#run("holdRole", [role, holder, `${forMs}`]));
  }

  async releaseRole(role: string, holder: string): Promise<void> {
    await this.#run("releaseRole", [role, holder]);
  }

  async beatLive(beat: LiveBeat): Promise<void> {
    await this.#run("beatLive", liveArguments(beat));
  }

  async removeLive({ nodeId, incarnation }: Pick<LiveBeat, "nodeId" | "incarnation">): Promise<void> {
    await this.#run("removeLive", [`${nodeId} ${incarnation}`]);
  }

  async listLives(options: { limit: number; cursor?: string; nodeId?: string }): Promise<Page<LiveStatus>> {
    const size = pageSize(options.limit);
    const reply = await this.#run("listLives", [`${size + 1}`, startOf(options), options.nodeId ?? ""]);
    const found = z.array(z.unknown()).parse(reply).map(parseLiveReply);
    return pageOf(found, size, ({ nodeId, incarnation }) => `${nodeId} ${incarnation}`);
  }

  ping(): Promise<void> {
    return this.#probe(this.#timeoutMs);
  }

  /** Tells the operator, by the options' callbacks, if Redis can't be used or may evict keys. Never rejects. */
  async checkServer(): Promise<void> {
    try {
      await this.#probe(CHECK_TIMEOUT_MS);
      const policy = await this.#port.evictionPolicy();
      if (policy !== null && policy !== NO_EVICTION) this.#options.onEviction?.(policy);
    } catch {
      // `onError` has told it; or Redis tells nobody its settings.
    }
  }

  /** Redis has failed in a call of ours or of the port's: tells the operator, unless that was told already. */
  handleFailure(cause: unknown): void {
    if (!this.#isAway && !this.#isClosed) this.#options.onError?.(cause);
    this.#isAway = true;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#port.close();
  }

  #run(name: ScriptName, args: string[]): Promise<unknown> {
    return this.#ask(this.#timeoutMs, () => this.#send(name, args));
  }

  async #send(name: ScriptName, args: string[]): Promise<unknown> {
    const nowMs = await this.#options.now();
    return this.#port.run(name, [`${nowMs}`, ...args]);
  }

  /** @throws {FairleadError} `registry_unreachable`: no answer in time, or an error. */
  async #ask<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new FairleadError("registry_unreachable", { message: "closed" });
    try {
      const answer = await withDeadline(timeoutMs, work());
      if (this.#isAway) this.#probeOnce();
      return answer;
    } catch (cause) {
      this.handleFailure(cause);
      throw new FairleadError("registry_unreachable", { message: `Redis: ${reasonOf(cause)}`, cause });
    }
  }

  async #probe(timeoutMs: number): Promise<void> {
    await this.#ask(timeoutMs, () => this.#port.probe());
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#options.onResumed?.();
  }

  /** An answer alone does not mean that Redis is back: a replica answers reads too. */
  #probeOnce(): void {
    if (this.#isProbing) return;
    this.#isProbing = true;
    this.ping()
      .catch(() => {})
      .finally(() => {
        this.#isProbing = false;
      });
  }
}
