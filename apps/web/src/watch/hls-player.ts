import type { ErrorCode } from "@fairlead/client";
import { pause } from "../broadcast/pause.ts";
import { type FoundPlaylist, findPlaylist } from "./find-playlist.ts";
import { type HlsEngine, type OpenHlsEngine, openHlsEngine } from "./hls-engine.ts";

export type HlsState = "connecting" | "waiting" | "live" | "interrupted";

type HlsPlayerOptions = {
  /** Leads to the playlist. */
  url: string;
  /** A viewer's ticket. */
  bearer: string;
  /** Gets a fresh one when that has expired; undefined: there is none. */
  renewBearer: () => Promise<string | undefined>;
  /** Nothing more will come. */
  onEnded: (code: ErrorCode, message: string) => void;
  openEngine?: OpenHlsEngine;
};

const LOOK_EVERY_MS = 500;
/** A picture that stands for so long is said to. */
const STANDS_MS = 2_500;
/** After so long the player asks anew: what makes the playlist may be another process by now. */
const LOST_MS = 8_000;
/** For the first picture. */
const START_MS = 15_000;
const RETRY_MS = 500;
const RETRY_MAX_MS = 4_000;

/** Plays a broadcast by HLS, over its interruptions and its moves, until its end. */
export class HlsPlayer {
  readonly #options: HlsPlayerOptions;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<() => void>();
  #bearer: string;
  #state: HlsState = "connecting";
  #wasLive = false;
  #isRunning = false;
  #engine: HlsEngine | null = null;

  constructor(options: HlsPlayerOptions) {
    this.#options = options;
    this.#bearer = options.bearer;
  }

  getState = (): HlsState => this.#state;

  /** null while nothing plays. */
  get engine(): HlsEngine | null {
    return this.#engine;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Plays in `video` until the end. A second call does nothing. */
  async run(video: HTMLVideoElement): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { signal } = this.#closing;
    let delayMs = RETRY_MS;
    let isRenewed = false;
    while (!signal.aborted) {
      const found = await findPlaylist(this.#options.url, this.#bearer, signal);
      if (signal.aborted) return;
      if (found.state === "found") {
        delayMs = (await this.#play(video, found.url)) ? RETRY_MS : delayMs;
        isRenewed = false;
      } else if (found.state === "expired" && !isRenewed) {
        isRenewed = true;
        this.#bearer = (await this.#options.renewBearer()) ?? this.#bearer;
        continue;
      } else if (found.state === "expired" || found.state === "over") return this.#end(found);
      else if (found.state === "not_live") this.#set(this.#wasLive ? "interrupted" : "waiting");
      const retryAfterMs = found.state === "not_live" ? found.retryAfterMs : 0;
      // Many viewers lose a broadcast in the same moment.
      await pause(Math.max(delayMs, retryAfterMs) * (0.75 + Math.random() / 2), signal);
      delayMs = Math.min(delayMs * 1.5, RETRY_MAX_MS);
    }
  }

  close(): void {
    this.#closing.abort();
  }

  /** @returns Whether anything was shown. */
  async #play(video: HTMLVideoElement, url: string): Promise<boolean> {
    const { openEngine = openHlsEngine } = this.#options;
    let isLost = false;
    const engine = await openEngine(video, url, () => {
      isLost = true;
    });
    this.#engine = engine;
    try {
      return await this.#untilLost(video, () => isLost);
    } finally {
      this.#engine = null;
      engine.close();
    }
  }

  async #untilLost(video: HTMLVideoElement, isLost: () => boolean): Promise<boolean> {
    const { signal } = this.#closing;
    let shownS = video.currentTime;
    let movedAtMs = performance.now();
    let hasMoved = false;
    while (!signal.aborted && !isLost() && !video.ended) {
      await pause(LOOK_EVERY_MS, signal);
      const standsMs = performance.now() - movedAtMs;
      if (video.currentTime !== shownS) {
        shownS = video.currentTime;
        movedAtMs = performance.now();
        hasMoved = true;
        this.#wasLive = true;
        this.#set("live");
      } else if (standsMs > (hasMoved ? LOST_MS : START_MS)) break;
      else if (hasMoved && standsMs > STANDS_MS) this.#set("interrupted");
    }
    return hasMoved;
  }

  #set(state: HlsState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  #end(found: Extract<FoundPlaylist, { state: "expired" | "over" }>): void {
    if (this.#closing.signal.aborted) return;
    this.#options.onEnded(found.state === "expired" ? "ticket_expired" : found.code, "");
  }
}
