import { FairleadError } from "@fairlead/protocol";
import type { Fetch } from "./fetch-jwks.ts";
import type { Key } from "./jwk.ts";
import type { JwksFailure } from "./jwks-failure.ts";
import type { KeySet } from "./key-set.ts";
import { type Freshness, PublishedKeys } from "./published-keys.ts";

/** What verifies tickets: a key set, and what JWKS URLs publish. A `KeySet` alone is one too. */
export type TicketKeys = KeySet & { readonly published?: KeySource };

export type KeySource = {
  /** @throws {FairleadError} `ticket_keys_unreachable`: a server that may know the key does not answer. */
  find(kid: string): Promise<Key | undefined>;
  /** Tells `listener` whenever a URL does not answer with a JWK Set. The keys that it had stay in force. */
  onFailure(listener: FailureListener): void;
  /**
   * Asks every URL now and every 4 minutes (every 10 s while it does not answer), so that no ticket of a known key waits for its
   * server. For processes that last: where one is frozen between requests its timers are too.
   * @returns What ends that.
   */
  keepFresh(freshness?: Freshness): () => void;
};

export type FailureListener = (failure: JwksFailure) => void;

export type TicketKeysOptions = {
  /** Keys of one's own: its first private one signs. Its ids count before those of URLs. */
  own?: KeySet;
  /** Of the operator's choice, never a client's. `https:`, or `http:` on loopback. */
  jwksUrls?: readonly string[];
  /** Milliseconds since 1970. */
  now?: () => number;
  /** Default: the runtime's. */
  fetch?: Fetch;
};

/**
 * Joins a key set and JWKS URLs. A URL is asked when a ticket first needs it (nothing is fetched before, but by `keepFresh`), for a
 * key id that nobody knows (not within 10 s of a request in vain), and for a key that was last seen 5 minutes ago.
 */
export function createTicketKeys(options: TicketKeysOptions): TicketKeys {
  const { own, jwksUrls = [], now = Date.now } = options;
  const keySet = { keys: own?.keys ?? new Map<string, Key>(), signer: own?.signer ?? null };
  if (jwksUrls.length === 0) return keySet;
  const listeners = new Set<FailureListener>();
  const common = {
    now,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    onFailure: (failure: JwksFailure) => {
      for (const listener of listeners) listener(failure);
    },
  };
  const sources = jwksUrls.map((url) => new PublishedKeys(url, common));
  const onFailure = (listener: FailureListener) => void listeners.add(listener);
  const keepFresh = (freshness?: Freshness) => {
    const stops = sources.map((source) => source.keepFresh(freshness));
    return () => {
      for (const stop of stops) stop();
    };
  };
  return { ...keySet, published: { find: (kid) => find(sources, kid), onFailure, keepFresh } };
}

async function find(sources: readonly PublishedKeys[], kid: string): Promise<Key | undefined> {
  const holder = () => sources.find(({ keys }) => keys.has(kid));
  const known = holder();
  if (!known || known.isStale) {
    const due = known ? [known] : sources;
    await Promise.all(due.map((source) => source.refresh(kid)));
  }
  const key = holder()?.keys.get(kid);
  if (!key && sources.some(({ isAway }) => isAway)) throw new FairleadError("ticket_keys_unreachable");
  return key;
}
