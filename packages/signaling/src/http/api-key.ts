import { type ApiScope, FairleadError } from "@fairlead/protocol";
import type { MiddlewareHandler } from "hono";

/** A bearer token of an app's back end, or what `hashApiKey` makes of one; and what it may do. */
export type ApiKey = HashedKey | { key: string; scopes: readonly ApiScope[] };

type HashedKey = { hash: string; scopes: readonly ApiScope[] };

/**
 * Lets requests with `Authorization: Bearer <API key>` pass, if the key's scopes cover the path. All keys are compared, by
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
    // Tells keys apart, and is none.
    c.set("apiKeyId", hash.slice(0, 16));
    const scope = scopeOf(c.req.path);
    if (!matching.some(({ scopes }) => scopes.includes("admin") || scopes.includes(scope)))
      throw new FairleadError("scope_missing", { message: `this needs a key with the scope "${scope}"` });
    await next();
  };
}

/** What is not known to need less needs `admin`, so that a new route is never open by mistake. */
export function scopeOf(path: string): ApiScope {
  if (/^\/v1\/rooms\/[^/]+\/tickets$/.test(path)) return "tickets";
  return /^\/v1\/rooms(\/|$)/.test(path) ? "rooms" : "admin";
}

/** @returns SHA-256 in hexadecimal, of 64 characters. No salt: nobody guesses a random key. */
export async function hashApiKey(key: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function hashed(apiKey: ApiKey): Promise<HashedKey> {
  if ("hash" in apiKey) return apiKey;
  return { hash: await hashApiKey(apiKey.key), scopes: apiKey.scopes };
}

/** Takes the same time wherever the two differ. Both have 64 characters. */
function isEqual(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < right.length; index += 1)
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}
