import type { HlsOrder, HlsReport } from "@fairlead/protocol";
import type { Segments } from "@fairlead/segments";
import type { Logger } from "@fairlead/telemetry";
import { type Fragment, FragmentReader, type Mp4Event } from "./fragment-reader.ts";
import { HeldFragments } from "./held-fragments.ts";
import { type Lost, PieceQueue } from "./piece-queue.ts";
import { ProgramClock } from "./program-clock.ts";
import { RenditionWriter } from "./rendition-writer.ts";
import { RungFollower } from "./rung-follower.ts";
import { SegmentCutter } from "./segment-cutter.ts";

export type PackagerOptions = {
  broadcastId: string;
  segments: Pick<Segments, "write" | "nextSequence">;
  /** null: nothing is packaged yet. */
  order: HlsOrder | null;
  /** Below it the broadcast is served; ends with `/`. */
  url: string;
  /** Viewing sessions now. */
  viewers: () => Pick<HlsReport, "viewers" | "admittedViewers">;
  /** Told each order, before anything is stored under it. */
  onOrder?: (order: HlsOrder) => void;
  isTranscoded: () => boolean;
  /** Names of further renditions. */
  rungs?: readonly string[];
  log: Logger;
  /** Milliseconds since 1970: players are told when what they see was made. */
  now: () => number;
  /** Milliseconds that no setting of a clock changes. */
  elapsed: () => number;
};

/** Fragments come each third of a second: after so long without one nothing is served live. */
const LIVE_FOR_MS = 5_000;

/** The rendition of what the publisher sends. Rungs have their segments where it has its own. */
export const SOURCE = "source";

type Rung = { writer: RenditionWriter; follower: RungFollower };

/**
 * From one publisher's ffmpeg to `Segments`: the fragments on its standard output become the parts of numbered segments, as the home
 * orders. It waits for nobody, and nothing that ffmpeg writes makes it throw.
 */
export class Packager {
  readonly #options: PackagerOptions;
  readonly #queue: PieceQueue;
  readonly #clock: ProgramClock;
  readonly #cutter = new SegmentCutter();
  readonly #held: HeldFragments;
  readonly #source: RenditionWriter;
  readonly #rungs: ReadonlyMap<string, Rung>;
  /** null: what it reads is no media, until ffmpeg is started anew. */
  readonly #readers = new Map<string, FragmentReader | null>();
  /** Its number is being asked for. */
  #adopting: HlsOrder | null = null;
  /** What segments are written under; null: none are. */
  #place: { run: number; next: number } | null = null;
  /** The last fragment that went into a segment; null: none did. */
  #placedAtMs: number | null = null;
  /** Somebody else has written under a higher one. */
  #fencedRun = 0;
  #isClosed = false;

  constructor(options: PackagerOptions) {
    const { broadcastId, segments, log, now, elapsed, rungs = [] } = options;
    this.#options = options;
    this.#queue = new PieceQueue({ broadcastId, segments, log, onLost: (why) => this.#onLost(why) });
    this.#clock = new ProgramClock(now);
    this.#held = new HeldFragments(elapsed);
    this.#source = this.#writerOf(SOURCE);
    const entries = rungs.map((name) => [name, this.#writerOf(name)] as const);
    this.#rungs = new Map(
      entries.map(([name, writer]) => [name, { writer, follower: new RungFollower(writer) }]),
    );
    this.#readAnew();
    this.setOrder(options.order);
  }

  /** @param chunk Of what ffmpeg writes for the rendition, in any pieces. */
  accept(rendition: string, chunk: Uint8Array): void {
    const reader = this.#readers.get(rendition);
    if (this.#isClosed || !reader) return;
    try {
      for (const event of reader.push(chunk)) this.#take(rendition, event);
    } catch (error) {
      const { log, broadcastId } = this.#options;
      log.warn("hls.unreadable", { broadcastId, rendition, error });
      this.#readers.set(rendition, null);
      this.#rungs.get(rendition)?.follower.clear();
      if (rendition === SOURCE) this.#endSegments();
    }
  }

  /** What an encoder was told, of a rendition of its own. Without it the beginning is measured. */
  noteBandwidth(rendition: string, bandwidthBps: number): void {
    const writer = rendition === SOURCE ? this.#source : this.#rungs.get(rendition)?.writer;
    if (writer) writer.bandwidthBps = bandwidthBps;
  }

  /** ffmpeg was started anew, and what comes is of its next run. */
  restarted(): void {
    this.#endSegments();
    this.#clock.reset();
    this.#readAnew();
  }

  /** ffmpeg makes no MP4 until it is started anew: it has no place for that, or went on without. */
  stopped(): void {
    this.#endSegments();
    this.#readers.clear();
  }

  /** What is served now; null: nothing is. */
  report(): HlsReport | null {
    if (!this.#place || !this.#isLive || !this.#readers.get(SOURCE)) return null;
    const { url, viewers, isTranscoded } = this.#options;
    const { run, next: nextSequence } = this.#place;
    return { run, nextSequence, url, ...viewers(), ...(isTranscoded() ? { isTranscoded: true } : {}) };
  }

  /** Told again and again, as proofs are answered. null: what comes is thrown away. */
  setOrder(order: HlsOrder | null): void {
    if (this.#isClosed) return;
    if (order) this.#options.onOrder?.(order);
    const knownRun = Math.max(this.#place?.run ?? 0, this.#adopting?.run ?? 0, this.#fencedRun);
    if (!order && (this.#place || this.#adopting)) this.#stop();
    else if (order && order.run > knownRun) void this.#adopt(order);
  }

  /** Its segment ends here; the broadcast may go on elsewhere. Idempotent. */
  async close(): Promise<void> {
    this.#stop();
    this.#isClosed = true;
    await this.#queue.flush();
  }

  #take(rendition: string, event: Mp4Event): void {
    const rung = this.#rungs.get(rendition);
    if (event.type === "init") (rung?.writer ?? this.#source).setInit(event.init);
    else if (rung) rung.follower.take(event.fragment);
    else this.#takeOfSource(event.fragment);
  }

  #takeOfSource(fragment: Fragment): void {
    this.#clock.note(fragment.endS);
    if (this.#place) this.#placeOfSource(this.#place, fragment);
    else this.#held.push(fragment, this.#adopting !== null);
  }

  #placeOfSource(under: { run: number; next: number }, fragment: Fragment): void {
    const cut = this.#cutter.cut(fragment);
    if (cut === "dropped") return;
    this.#placedAtMs = this.#options.elapsed();
    const followers = [...this.#rungs.values()].map(({ follower }) => follower);
    if (cut === "begins") {
      const place = { run: under.run, sequence: under.next };
      under.next += 1;
      this.#source.begin(place, fragment);
      for (const follower of followers) follower.noteCut({ place, shownAtS: fragment.shownAtS });
    } else this.#source.add(fragment);
    if (this.#cutter.isOver) this.#source.end();
    const shownUntilS = fragment.shownAtS + fragment.endS - fragment.startS;
    for (const follower of followers) follower.advance(shownUntilS);
  }

  async #adopt(order: HlsOrder): Promise<void> {
    this.#adopting = order;
    const { segments, broadcastId, log } = this.#options;
    try {
      await this.#queue.flush();
      const stored = await segments.nextSequence(broadcastId);
      if (this.#adopting !== order || this.#isClosed) return;
      const next = Math.max(numberAfter(stored, order), this.#place?.next ?? 0);
      this.#place = { run: order.run, next };
      this.#source.needInit();
      for (const { writer } of this.#rungs.values()) writer.needInit();
      for (const fragment of this.#shown(order)) this.#placeOfSource(this.#place, fragment);
    } catch (error) {
      log.warn("hls.number_unknown", { broadcastId, error });
    } finally {
      if (this.#adopting === order) this.#adopting = null;
    }
  }

  get #isLive(): boolean {
    return this.#placedAtMs !== null && this.#options.elapsed() - this.#placedAtMs < LIVE_FOR_MS;
  }

  /** @returns What was held, without what belongs to a preview. */
  #shown({ shownFromMs = Number.NEGATIVE_INFINITY }: HlsOrder): Fragment[] {
    return this.#held.release().filter(({ shownAtS }) => this.#clock.timeOf(shownAtS) >= shownFromMs);
  }

  #stop(): void {
    this.#endSegments();
    this.#adopting = null;
    this.#place = null;
    this.#placedAtMs = null;
  }

  /** The next one begins with an init and a key frame. */
  #endSegments(): void {
    this.#held.clear();
    this.#cutter.reset();
    this.#source.end();
    this.#source.needInit();
    for (const { follower } of this.#rungs.values()) follower.clear();
  }

  #onLost(why: Lost): void {
    if (why !== "failed") this.#fencedRun = why.fencedRun;
    if (why === "failed") this.#endSegments();
    else this.#stop();
  }

  #readAnew(): void {
    for (const name of [SOURCE, ...this.#rungs.keys()]) this.#readers.set(name, new FragmentReader());
  }

  #writerOf(rendition: string): RenditionWriter {
    return new RenditionWriter({
      rendition,
      push: (piece) => this.#queue.push(piece),
      // Renditions are compared by it: shown at the same time is the same time.
      programTimeMs: ({ shownAtS }) => this.#clock.timeOf(shownAtS),
    });
  }
}

/** Another packager, whose store is not ours, may have gone on after what is stored here. */
function numberAfter(stored: number | null, { firstSequence, reportedSequence = 0 }: HlsOrder): number {
  return stored === null ? firstSequence : Math.max(stored, reportedSequence);
}
