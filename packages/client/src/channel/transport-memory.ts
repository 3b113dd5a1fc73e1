import { browserStore, type PageStore } from "./browser-store.ts";

/** The device may be in another network after this time, so the next page tries a WebSocket first again. */
const FORGOTTEN_AFTER_MS = 3_600_000;

/** Remembers, across pages of this browser, that a signaling URL could only be reached by HTTP. */
export class TransportMemory {
  readonly #key: string;
  readonly #now: () => number;
  readonly #store: PageStore | undefined;

  /** @param now Milliseconds since 1970. */
  constructor(url: string, now: () => number, store: PageStore | undefined = browserStore()) {
    this.#key = `fairlead.http-since ${url}`;
    this.#now = now;
    this.#store = store;
  }

  get needsHttp(): boolean {
    try {
      const sinceMs = Number(this.#store?.getItem(this.#key) ?? Number.NaN);
      return Math.abs(this.#now() - sinceMs) < FORGOTTEN_AFTER_MS;
    } catch {
      return false;
    }
  }

  remember(needsHttp: boolean): void {
    try {
      if (needsHttp) this.#store?.setItem(this.#key, String(this.#now()));
      else this.#store?.removeItem(this.#key);
    } catch {
      // Storage is full or forbidden: the next page finds out by itself.
    }
  }
}
