import { type Fetch, fetchJwks } from "./fetch-jwks.ts";
import type { Key } from "./jwk.ts";
import { type JwksFailure, jwksFailure } from "./jwks-failure.ts";
import { importPublishedKeys } from "./key-set.ts";

/** After which a key that is no longer published stops to count, if the server answers. */
const MAX_AGE_MS = 300_000;
/** Pause after a request that brought no new key: invented key ids can't make us ask more often. */
const COOL_DOWN_MS = 10_000;
/** While they are kept fresh: with a try or two that fail, within `MAX_AGE_MS`. */
const REFRESH_MS = 240_000;

/** Milliseconds between requests, after one that was answered and after one that was not. */
export type Freshness = { everyMs?: number; retryMs?: number };

export type PublishedKeysOptions = {
  fetch: Fetch;
  /** Milliseconds since 1970. */
  now: () => number;
  onFailure: (failure: JwksFailure) => void;
  /** Binds all keys of the URL. */
  roomPrefix?: string;
};

/**
 * The keys that one JWKS URL publishes, as they were last seen. While its server is down they stay in force.
 *
 * Not jose's `createRemoteJWKSet`: that one forgets its keys when they are old and the server is down, has no cool-down after
 * failures and no limit of size, and a key without `alg` serves several algorithms.
 */
export class PublishedKeys {
  readonly #url: string;
  readonly #options: PublishedKeysOptions;
  #keys: readonly Key[] = [];
  /** 0: never. */
  #loadedMs = 0;
  #restUntilMs = 0;
  #isAway = false;
  #isKeptFresh = false;
  #loading: Promise<void> | undefined;

  constructor(url: string, options: PublishedKeysOptions) {
    this.#url = url;
    this.#options = options;
  }

  keysOf(kid: string): Key[] {
    return this.#keys.filter((key) => key.kid === kid);
  }

  get isLoaded(): boolean {
    return this.#loadedMs > 0;
  }

  /** A set that is refreshed anyway is not waited for. */
  get isStale(): boolean {
    return !this.#isKeptFresh && this.#options.now() - this.#loadedMs >= MAX_AGE_MS;
  }

  /** The last request failed. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Asks the server for the sake of this key, unless it failed to give one a moment ago. Never rejects. */
  async refresh(kid: string): Promise<void> {
    const { now } = this.#options;
    if (!this.#loading && now() < this.#restUntilMs) return;
    const wasLoaded = this.isLoaded;
    this.#loading ??= this.#load();
    await this.#loading;
    // The first time tells what there is, also for the sake of another URL's key.
    const isUnknown = wasLoaded && this.keysOf(kid).length === 0;
    if (this.#isAway || isUnknown) this.#restUntilMs = now() + COOL_DOWN_MS;
  }

  /** Asks the server now and from time to time, whether tickets come or not. @returns What ends that. */
  keepFresh({ everyMs = REFRESH_MS, retryMs = COOL_DOWN_MS }: Freshness = {}): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      this.#loading ??= this.#load();
      await this.#loading;
      if (this.#isKeptFresh) timer = setTimeout(load, this.#isAway ? retryMs : everyMs);
    };
    this.#isKeptFresh = true;
    void load();
    return () => {
      this.#isKeptFresh = false;
      clearTimeout(timer);
    };
  }

  async #load(): Promise<void> {
    const { fetch, now, onFailure, roomPrefix } = this.#options;
    try {
      this.#keys = await importPublishedKeys(await fetchJwks(this.#url, fetch), roomPrefix);
      this.#loadedMs = now();
      this.#isAway = false;
    } catch (error) {
      this.#isAway = true;
      onFailure(jwksFailure(this.#url, error));
    } finally {
      this.#loading = undefined;
    }
  }
}
