import { type ApiScope, FairleadError } from "@fairlead/protocol";
import type { HonoRequest, MiddlewareHandler } from "hono";

type Powers = {
  scopes: readonly ApiScope[];
  /** Binds the key to rooms whose ids begin with it: it neither sees nor changes anything else. */
  roomPrefix?: string;
  /** For the log, which says who did what. Default: the beginning of its hash. */
  name?: string;
};

/** A bearer token of an app's back end, or what `hashApiKey` makes of one; and what it may do. */
export type ApiKey = HashedKey | (Powers & { key: string });

type HashedKey = Powers & { hash: string };

/** The key of one request, whose scopes cover the request. */
export type UsedKey = {
  /** Tells keys apart, and is none. */
  id: string;
  name: string;
  roomPrefix: string | undefined;
};

/**
 * Lets requests with `Authorization: Bearer <API key>` pass, if the key's scopes cover method and path. All keys are compared, by
 * their hashes and without an early exit, so that the time of an answer tells nothing of a key.
 *
 * @throws {FairleadError} `api_key_missing`, `api_key_invalid`, `scope_missing`.
 */
export function requireApiKey(apiKeys: readonly ApiKey[]): MiddlewareHandler {
  let hashing: Promise<HashedKey[]> | undefined;
  return async (c, next) => {
    const given = /^Bearer +(\S+)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
    if (given === undefined) throw new FairleadError("api_key_missing");
    // At the first request: some runtimes allow no work before it.
    hashing ??= Promise.all(apiKeys.map(hashed));
    const [known, hash] = await Promise.all([hashing, hashApiKey(given)]);
    const matching = known.filter((candidate) => isEqual(candidate.hash, hash));
    if (matching.length === 0) throw new FairleadError("api_key_invalid");
    c.set("apiKey", chooseKey(matching, c.req));
    await next();
  };
}

/** After `requireApiKey`, on paths with `:room`, or `:broadcast`, whose id is its room's. @throws {FairleadError} `scope_missing`: the key is bound to other rooms. */
export const requireRoom: MiddlewareHandler = async (c, next) => {
  const { roomPrefix = "" } = usedKey(c) ?? {};
  const roomId = c.req.param("room") ?? c.req.param("broadcast");
  if (!roomId?.startsWith(roomPrefix)) throw new FairleadError("scope_missing", boundTo(roomPrefix));
  await next();
};

/** @returns undefined on routes that need no key. */
export function usedKey({ var: known }: { var: object }): UsedKey | undefined {
  return "apiKey" in known ? (known.apiKey as UsedKey) : undefined;
}

/** A path without a rule needs `admin`, so that a new route is never open by mistake. @returns Scopes of which one is enough. */
export function scopesOf(method: string, path: string): ApiScope[] {
  if (/^\/v1\/rooms\/[^/]+\/tickets$/.test(path)) return ["tickets"];
  const scope = OF_ROOMS.find((each) => path.startsWith(`/v1/${each}/`) || path === `/v1/${each}`) ?? "admin";
  return READS.includes(method) ? [scope, "read"] : [scope];
}

/** Scopes that are the beginning of a path. What such a path is about has a room, and a room prefix holds for it. */
const OF_ROOMS = ["rooms", "broadcasts"] as const satisfies ApiScope[];
const READS = ["GET", "HEAD"];

/** @throws {FairleadError} `scope_missing`. */
function chooseKey(matching: readonly HashedKey[], { method, path }: HonoRequest): UsedKey {
  const needed = scopesOf(method, path);
  const allowed = matching.find(({ scopes }) =>
    scopes.some((own) => own === "admin" || needed.includes(own)),
  );
  if (!allowed) {
    const message = `this needs a key with the scope ${needed.map((scope) => `"${scope}"`).join(" or ")}`;
    throw new FairleadError("scope_missing", { message });
  }
  const { hash, roomPrefix, name = hash.slice(0, NAME_LENGTH) } = allowed;
  // The rest of the API is about the cluster, which all apps share.
  if (roomPrefix !== undefined && scopesOf(method, path)[0] === "admin")
    throw new FairleadError("scope_missing", boundTo(roomPrefix));
  return { id: hash.slice(0, ID_LENGTH), name, roomPrefix };
}

const ID_LENGTH = 16;
const NAME_LENGTH = 8;

export function boundTo(roomPrefix: string): { message: string } {
  return { message: `this key is for rooms whose ids begin with "${roomPrefix}"` };
}

/** @returns SHA-256 in hexadecimal, of 64 characters. No salt: nobody guesses a random key. */
export async function hashApiKey(key: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function hashed(apiKey: ApiKey): Promise<HashedKey> {
  if ("hash" in apiKey) return apiKey;
  const { key, ...powers } = apiKey;
  return { ...powers, hash: await hashApiKey(key) };
}

/** Takes the same time wherever the two differ. Both have 64 characters. */
function isEqual(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < right.length; index += 1)
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}
