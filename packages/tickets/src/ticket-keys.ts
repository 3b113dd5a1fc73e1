import type { Fetch } from "./fetch-jwks.ts";
import type { Key } from "./jwk.ts";
import type { JwksFailure } from "./jwks-failure.ts";
import type { KeySet } from "./key-set.ts";
import { type Freshness, PublishedKeys } from "./published-keys.ts";

/** The keys that verify tickets: a key set, and those that JWKS URLs publish. A `KeySet` alone is one too. */
export type TicketKeys = KeySet & { readonly published?: KeySource };

export type KeySource = {
  /** Those that are known, and not too old. Asks nobody. */
  known(kid: string): readonly Key[];
  /** Asks the servers that may know of more. `isComplete: false`: one that may know another does not answer. */
  find(kid: string): Promise<{ keys: readonly Key[]; isComplete: boolean }>;
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

/** A JWKS URL whose keys admit only to rooms whose id begins with `roomPrefix`. */
export type BoundUrl = { url: string; roomPrefix: string };

export type TicketKeysOptions = {
  /** Keys of one's own: its first private one signs. Its keys are tried before those of URLs. */
  own?: KeySet;
  /** Of the operator's choice, never a client's. `https:`, or `http:` on loopback. */
  jwksUrls?: readonly (string | BoundUrl)[];
  /** Milliseconds since 1970. */
  now?: () => number;
  /** Default: the runtime's. */
  fetch?: Fetch;
};

/**
 * Joins a key set and JWKS URLs. A URL is asked when a ticket first needs it (nothing is fetched before, but by `keepFresh`), for a
 * key id that it does not know and no other key verifies (not within 10 s of a request that brought none), and for a key that was last seen 5 minutes ago.
 */
export function createTicketKeys(options: TicketKeysOptions): TicketKeys {
  const { own, jwksUrls = [], now = Date.now } = options;
  const keySet = { keys: own?.keys ?? [], signer: own?.signer ?? null };
  if (jwksUrls.length === 0) return keySet;
  const listeners = new Set<FailureListener>();
  const common = {
    now,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    onFailure: (failure: JwksFailure) => {
      for (const listener of listeners) listener(failure);
    },
  };
  const sources = jwksUrls.map((given) =>
    typeof given === "string"
      ? new PublishedKeys(given, common)
      : new PublishedKeys(given.url, { ...common, roomPrefix: given.roomPrefix }),
  );
  const onFailure = (listener: FailureListener) => void listeners.add(listener);
  const keepFresh = (freshness?: Freshness) => {
    const stops = sources.map((source) => source.keepFresh(freshness));
    return () => {
      for (const stop of stops) stop();
    };
  };
  return {
    ...keySet,
    published: {
      known: (kid) => known(sources, kid),
      find: (kid) => find(sources, kid),
      onFailure,
      keepFresh,
    },
  };
}

function known(sources: readonly PublishedKeys[], kid: string): Key[] {
  return sources.filter(({ isStale }) => !isStale).flatMap((source) => source.keysOf(kid));
}

async function find(sources: readonly PublishedKeys[], kid: string): ReturnType<KeySource["find"]> {
  const due = sources.filter((source) => source.isStale || source.keysOf(kid).length === 0);
  await Promise.all(due.map((source) => source.refresh(kid)));
  const keys = sources.flatMap((source) => source.keysOf(kid));
  // Others' keys of that id say nothing of a server that has never been heard.
  const isMissing = ({ isAway, isLoaded }: PublishedKeys) => isAway && (keys.length === 0 || !isLoaded);
  return { keys, isComplete: !sources.some(isMissing) };
}
