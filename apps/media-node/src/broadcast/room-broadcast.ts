import {
  type BroadcastCounts,
  BroadcastInfo,
  type BroadcastRecord,
  type BroadcastState,
  FairleadError,
} from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Hooks } from "../hooks/hooks.ts";
import type { BroadcastView } from "../room/broadcast-view.ts";
import type { Peer } from "../room/peer.ts";
import { LOOPBACK } from "../room/pipe-end.ts";
import { revealToViewers } from "../room/reveal.ts";
import type { Room } from "../room/room.ts";
import { countsOf } from "./counts-of.ts";
import { Gate } from "./gate.ts";
import { letEverybodyGo, letStrangersGo } from "./let-go.ts";
import type { PackagerReach } from "./package-job.ts";
import { Packaging } from "./packaging.ts";
import { type Claimant, type Holder, PublisherPlace, SILENT_MS } from "./publisher-place.ts";
import { type HomeWords, RecordWriter } from "./record-writer.ts";
import { SdkPublishers } from "./sdk-publishers.ts";
import { ViewerCount } from "./viewer-count.ts";

export type RoomBroadcastOptions = {
  room: Room;
  record: BroadcastRecord;
  registry: Pick<Registry, "updateRoom" | "describeRoom">;
  hooks: Hooks;
  /** It has ended, and that is written. */
  onEnded: () => void;
  /** Milliseconds that no setting of a clock changes; default `performance.now`. */
  elapsed?: () => number;
  /** Default: those who package are on this host. */
  packagerReach?: PackagerReach;
};

/** So long a broadcast that comes from elsewhere stays live without a publisher: one that follows its room is back by then. */
const FOLLOWS_MS = 3_000;
/** A publisher without media for so long gives its place up. */
const ABANDONED_MS = 30_000;
/** What the API says comes by a call, which may be lost. */
const READ_EVERY_MS = 30_000;

/** The life of a room's broadcast at its home: the state, the one publisher, the number of viewers; and what everybody hears of these. */
export class RoomBroadcast implements BroadcastView {
  readonly gate: Gate;
  readonly packaging: Packaging;
  readonly #options: RoomBroadcastOptions;
  readonly #writer: RecordWriter;
  readonly #place: PublisherPlace;
  readonly #elapsed: () => number;
  /** Since when nobody has published; null: somebody does. */
  #lostAtMs: number | null;
  /** Since when it is interrupted, as this home has seen it: another one's clock may be set otherwise. */
  #interruptedAtMs: number;
  #readAtMs: number;
  readonly #count: ViewerCount;
  #isEnding = false;
  #isStopped = false;
  readonly #sdkPublishers: SdkPublishers;

  constructor(options: RoomBroadcastOptions) {
    const { room, record, registry } = options;
    this.#options = options;
    this.#elapsed = options.elapsed ?? (() => performance.now());
    this.#readAtMs = this.#elapsed();
    this.#interruptedAtMs = this.#elapsed();
    this.#place = new PublisherPlace({ now: room.deps.now, elapsed: this.#elapsed });
    this.#writer = new RecordWriter({
      roomId: room.roomId,
      epoch: () => room.lease.epoch,
      record,
      registry,
      log: room.log,
      onChanged: (changed) => this.#handleChanged(changed),
    });
    this.#lostAtMs = this.#elapsed();
    this.#sdkPublishers = new SdkPublishers({
      ...options,
      claim: (claimant) => this.claim(claimant),
      release: (holder) => this.release(holder),
      isHeldBy: (holder) => this.isHeldBy(holder),
    });
    this.gate = new Gate({
      record: () => this.record,
      viewersBut: (peerId) => this.viewers - this.packaging.strangers - (room.audience.get(peerId) ? 1 : 0),
      isSending: () => this.#lostAtMs === null,
      now: room.deps.now,
      refresh: () => this.refresh(),
    });
    this.packaging = new Packaging({
      ...{ room, record: () => this.record, elapsed: this.#elapsed, nextRun: () => this.#nextRun() },
      reach: options.packagerReach ?? LOOPBACK,
      asksAboutViewers: options.hooks.areAsked,
    });
    this.#count = new ViewerCount(room, {
      ...{ peak: record.peakViewers, elapsed: this.#elapsed },
      byHls: () => this.packaging.viewers,
    });
    room.audience.isRevealed = this.holdsRoom;
  }

  get record(): BroadcastRecord {
    return this.#writer.record;
  }

  get state(): BroadcastState {
    return this.record.state;
  }

  /** The room stays open for it without anybody in it. */
  get holdsRoom(): boolean {
    return this.#isEnding || this.state === "live" || this.state === "interrupted";
  }

  get info(): BroadcastInfo {
    return BroadcastInfo.parse(this.record);
  }

  get counts(): BroadcastCounts {
    return countsOf({ place: this.#place, count: this.#count, packaging: this.packaging });
  }

  get viewers(): number {
    return this.#count.now;
  }

  isHeldBy(holder: Holder): boolean {
    return this.#place.holder === holder;
  }

  /** It has the broadcast, and its media comes. */
  isSentBy = (holder: Holder): boolean => this.isHeldBy(holder) && this.#place.isSending;

  /**
   * Gives the broadcast to this publisher, once the hook has agreed.
   * @throws {FairleadError} `publisher_active` with `retryAfterMs`; `broadcast_ended`, `hook_refused`, `hook_unreachable`.
   */
  async claim(claimant: Claimant): Promise<Holder> {
    const { room, hooks } = this.#options;
    const { kind, facts } = claimant;
    this.gate.assertOpen();
    await this.#place.assertFree();
    await hooks.askPublish(facts);
    try {
      this.gate.assertOpen();
      const holder = await this.#place.claim(claimant, () => this.#nextRun());
      if (this.#isStopped) throw new FairleadError("lease_lost");
      room.log.info("broadcast.published", { roomId: room.roomId, kind, run: holder.run });
      // It is live with its first media, and not with the next look.
      void this.#place.untilSending(holder, () => this.tick());
      return holder;
    } catch (error) {
      hooks.tellPublishDone(facts);
      throw error;
    }
  }

  admitPublisher(peer: Peer): Promise<void> {
    return this.#sdkPublishers.admit(peer);
  }

  /** It publishes no more. Does nothing for one that has lost its place already. @param refused What it was told, if it was sent away. */
  release(holder: Holder, refused?: string): void {
    if (this.#isStopped) return;
    const { room, hooks } = this.#options;
    hooks.tellPublishDone(holder.facts);
    if (!this.#place.release(holder, refused)) return;
    this.#lostAtMs = this.#elapsed();
    room.log.info("broadcast.unpublished", { roomId: room.roomId, run: holder.run });
    this.#interrupt();
  }

  /** Called about once a second. */
  async tick(): Promise<void> {
    if (this.#isEnding || this.#isStopped) return;
    await this.#place.sample();
    if (this.#isEnding || this.#isStopped || this.#options.room.isClosed) return;
    this.#judgePublisher();
    this.#judgeTimes();
    if (this.#elapsed() - this.#readAtMs > READ_EVERY_MS) void this.refresh().catch(() => {});
    void this.packaging.tick(this.#live);
    if (this.#count.tell()) void this.#writer.say({ peakViewers: this.#count.peak });
  }

  /** Reads the record: what the API said may not have come here. @throws {FairleadError} `registry_unreachable`. */
  async refresh(): Promise<void> {
    this.#readAtMs = this.#elapsed();
    const { room, registry } = this.#options;
    const found = await registry.describeRoom(room.roomId);
    if (found?.broadcast) this.note(found.broadcast);
    else if (found && !found.isPartial) this.#handleChanged(null);
  }

  /** The API's words count from now on. */
  note(record: BroadcastRecord): void {
    if (this.#writer.note(record)) this.#handleChanged(record);
  }

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { room, onEnded } = this.#options;
    const { state, endedAtMs } = this.record;
    const written = this.#say({
      state: "ended",
      endedAtMs: state === "ended" ? endedAtMs : this.#now(),
      peakViewers: this.#count.peak,
    });
    room.log.info("broadcast.ended", { roomId: room.roomId, peakViewers: this.#count.peak });
    // One that has sent nothing yet is in no list of the room.
    this.#place.holder?.close("ended");
    this.packaging.close();
    letEverybodyGo(room);
    void written.then(onEnded);
  }

  /** The room is gone from here, or its media alone goes on for a while: its next home asks for its publisher anew. */
  stop(): void {
    this.#isStopped = true;
    if (this.#place.holder) this.#options.hooks.tellPublishDone(this.#place.holder.facts);
    this.packaging.close();
    this.#writer.stop();
  }

  #judgePublisher(): void {
    const { holder, isSending, silentMs } = this.#place;
    if (isSending) {
      this.#lostAtMs = null;
      this.#goLive();
    } else if (holder) {
      this.#lostAtMs ??= this.#elapsed() - SILENT_MS;
      if (silentMs > SILENT_MS) this.#interrupt();
      if (silentMs > ABANDONED_MS) holder.close("silent");
    } else if (this.#elapsed() - (this.#lostAtMs ?? 0) > FOLLOWS_MS) this.#interrupt();
  }

  #judgeTimes(): void {
    const { state, endsAtMs, graceMs } = this.record;
    const isGraceOver = state === "interrupted" && this.#elapsed() - this.#interruptedAtMs > graceMs;
    if (state === "ended" || isGraceOver || (endsAtMs !== null && this.#now() >= endsAtMs)) this.end();
  }

  #goLive(): void {
    const { state, startedAtMs, startsAtMs } = this.record;
    if (state === "live" || state === "ended" || (startsAtMs ?? 0) > this.#now()) return;
    void this.#say({
      state: "live",
      startedAtMs: startedAtMs ?? this.#now(),
      interruptedAtMs: null,
    });
    const { room } = this.#options;
    room.log.info("broadcast.live", { roomId: room.roomId, run: this.record.run });
    revealToViewers(room);
  }

  #interrupt(): void {
    if (this.state !== "live") return;
    this.#interruptedAtMs = this.#elapsed();
    void this.#say({ state: "interrupted", interruptedAtMs: this.#now() });
    const { room } = this.#options;
    room.log.info("broadcast.interrupted", { roomId: room.roomId, run: this.record.run });
  }

  #handleChanged(record: BroadcastRecord | null): void {
    if (record === null || record.state === "ended") {
      this.end();
      return;
    }
    if (record.visibility === "private") letStrangersGo(this.#options.room);
    this.#tell();
  }

  #say(words: Partial<HomeWords>): Promise<void> {
    const written = this.#writer.say(words);
    this.#tell();
    return written;
  }

  #tell(): void {
    this.#options.room.tellMembers({ name: "broadcast.changed", data: this.info });
  }

  /** Of a publisher, or of a packager that follows another: fences all before it. */
  #nextRun(): number {
    const run = Math.max(this.record.run + 1, this.#options.room.lease.epoch);
    void this.#writer.say({ run });
    return run;
  }

  /** The publisher that viewers see; null: they see none. */
  get #live(): Holder | null {
    return this.state === "live" && this.#place.isSending ? this.#place.holder : null;
  }

  #now(): number {
    return this.#options.room.deps.now();
  }
}
