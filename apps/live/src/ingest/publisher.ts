import { decodeText, type Subscription } from "@fairlead/bus";
import type { LedgerEntry } from "@fairlead/mediasoup-worker/ledger";
import { FairleadError, type IngestHealth, parseJson, RoomControl, subjects } from "@fairlead/protocol";
import type { IngestPlace } from "@fairlead/signaling/ingest";
import type { EncoderMedia } from "../media/encoder-media.ts";
import { WORDS, wordsForGood } from "./ends-publisher.ts";
import { findHome } from "./find-home.ts";
import { HomeLink } from "./home-link.ts";
import type { HlsSink, OpenedIngest, StartedTracks } from "./open-ingest.ts";
import type { PublisherDeps } from "./publisher-deps.ts";

const PROVE_EVERY_MS = 1_000;
/** About what an encoder's sound has. */
const SOUND_BPS = 160_000;
/** The home orders HLS once it sees media, and leads viewers to it once it hears where it is: both are soon, and viewers wait for it. */
const FIRST_PROOFS = { everyMs: 200, count: 20 };

/** One encoder's place in its broadcast. It follows the room from home to home while the encoder goes on. */
export class Publisher implements OpenedIngest {
  readonly ended: Promise<string>;
  readonly #end: (words: string) => void;
  readonly #deps: PublisherDeps;
  readonly #broadcastId: string;
  readonly #moves: Subscription;
  readonly #timer: NodeJS.Timeout;
  readonly #packager: ReturnType<NonNullable<PublisherDeps["createPackager"]>> | null;
  readonly hls: HlsSink | null;
  #link: HomeLink;
  /** At a new home, which has not agreed yet. */
  #nextLink: HomeLink | null = null;
  #media: EncoderMedia | null = null;
  #health: IngestHealth = {};
  #returning: Promise<void> | null = null;
  #isProving = false;
  #isClosed = false;
  /** The home knows where viewers find its HLS. */
  #isHlsTold = false;

  constructor(deps: PublisherDeps, place: IngestPlace) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.ended = promise;
    this.#end = resolve;
    this.#deps = deps;
    this.#broadcastId = place.broadcastId;
    this.#link = this.#linkTo(place);
    this.#moves = deps.bus.subscribe(subjects.roomControl(place.broadcastId), ({ data }) =>
      this.#onControl(data),
    );
    let isTranscoded = false;
    const { broadcastId } = place;
    const packager = deps.createPackager?.({ broadcastId, isTranscoded: () => isTranscoded }) ?? null;
    this.#packager = packager;
    this.hls = packager && {
      accept: (rendition, chunk) => packager.accept(rendition, chunk),
      restarted: () => packager.restarted(),
      stopped: () => packager.stopped(),
      noteEncoded: (renditions) => {
        isTranscoded = renditions.length > 0;
        for (const { name, bitrateBps } of renditions) packager.noteBandwidth(name, bitrateBps + SOUND_BPS);
      },
    };
    this.#timer = setInterval(() => void this.#prove(), deps.proveEveryMs ?? PROVE_EVERY_MS);
  }

  async start(tracks: StartedTracks) {
    const media = await this.#deps.openMedia(tracks);
    if (this.#isClosed) {
      media.close();
      throw new FairleadError("session_gone");
    }
    this.#media = media;
    void media.died.then(() => this.end(WORDS.worker));
    await this.#connectFirst(media);
    if (this.#packager) void this.#proveOften();
    return { video: media.targetOf("video"), audio: media.targetOf("audio") };
  }

  /** Whether it has a resource that stands in the ledger under its id. */
  uses({ id, kind }: Pick<LedgerEntry, "id" | "kind">): boolean {
    if (kind !== "router" && kind !== "transport") return true;
    return [this.#media, this.#link, this.#nextLink].some((part) => part?.has(id));
  }

  noteHealth(health: IngestHealth): void {
    this.#health = health;
  }

  /** Tells the encoder why, and closes. */
  end(words: string): void {
    if (this.#isClosed) return;
    this.#deps.log.info("publisher.ended", { roomId: this.#broadcastId, words });
    this.#end(words);
    this.close();
  }

  close(refused?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#moves.unsubscribe();
    this.#link.close(refused);
    this.#media?.close();
    void this.#packager?.close();
    this.#deps.onClosed?.();
  }

  /** Until HLS is ordered, and the home has heard of it. */
  async #proveOften(): Promise<void> {
    for (let left = FIRST_PROOFS.count; left > 0 && !this.#isClosed && !this.#isHlsTold; left--) {
      await new Promise((resolve) => setTimeout(resolve, FIRST_PROOFS.everyMs));
      await this.#prove();
    }
  }

  /** The home may have gone since it was opened. */
  async #connectFirst(media: EncoderMedia): Promise<void> {
    try {
      await this.#link.connect(media);
    } catch (error) {
      if (this.#isClosed || wordsForGood(error) !== null) throw error;
      // Its place there would count as another publisher's.
      this.#link.close();
      await this.#comeBack(error);
      if (this.#isClosed) throw error;
    }
  }

  async #prove(): Promise<void> {
    if (this.#isProving || this.#returning || this.#isClosed) return;
    this.#isProving = true;
    const link = this.#link;
    try {
      const report = this.#packager?.report() ?? null;
      const order = await link.prove(this.#health, report);
      if (link !== this.#link || this.#isClosed) return;
      this.#isHlsTold = order !== null && report !== null;
      this.#packager?.setOrder(order);
    } catch (error) {
      // While the bus is away media flows on, and nobody can be asked.
      const isAway = error instanceof FairleadError && error.code === "bus_disconnected";
      if (!isAway && link === this.#link) void this.#comeBack(error);
    } finally {
      this.#isProving = false;
    }
  }

  #onControl(data: Uint8Array): void {
    const control = parseJson(RoomControl, decodeText(data), "internal");
    if (control.type !== "moved") return;
    if (control.lease.incarnation === this.#link.incarnation) void this.#prove();
    else void this.#comeBack(new FairleadError("room_moved"));
  }

  /** Never rejects. One for all who ask at once. */
  #comeBack(why: unknown): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#returning ??= this.#follow(why).finally(() => {
      this.#returning = null;
    });
    return this.#returning;
  }

  async #follow(why: unknown): Promise<void> {
    const { log } = this.#deps;
    const cause = why instanceof FairleadError ? { code: why.code } : { error: why };
    log.info("publisher.returning", { roomId: this.#broadcastId, ...cause });
    const found = await findHome({
      deps: this.#deps,
      isWanted: () => !this.#isClosed,
      isStillHeld: () => this.#link.bringsMedia(this.#health),
      connect: async (place) => {
        const link = this.#linkTo(place);
        this.#nextLink = link;
        try {
          if (this.#media) await link.connect(this.#media);
          if (this.#isClosed) throw new FairleadError("session_gone");
        } catch (error) {
          link.close();
          throw error;
        } finally {
          this.#nextLink = null;
        }
        this.#link.close();
        this.#link = link;
      },
    });
    if (found !== null) this.end(found);
    else if (!this.#isClosed) this.#noteReturn();
  }

  #noteReturn(): void {
    const { log, metrics } = this.#deps;
    metrics.count("publisher.returned");
    log.info("publisher.returned", { roomId: this.#broadcastId, incarnation: this.#link.incarnation });
  }

  #linkTo(place: IngestPlace): HomeLink {
    const { bus, reach } = this.#deps;
    return new HomeLink({ bus, place, reach });
  }
}
