import { type ApiScope, FairleadError } from "@fairlead/protocol";
import type { MiddlewareHandler } from "hono";

/** A bearer token of an app's back end, and what it may do. */
export type ApiKey = { key: string; scopes: readonly ApiScope[] };

type HashedKey = { hash: Uint8Array; scopes: readonly ApiScope[] };

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
    const [known, hash] = await Promise.all([hashing, sha256(given)]);
    const matching = known.filter((candidate) => isEqual(candidate.hash, hash));
    if (matching.length === 0) throw new FairleadError("api_key_invalid");
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

async function hashed({ key, scopes }: ApiKey): Promise<HashedKey> {
  return { hash: await sha256(key), scopes };
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** Takes the same time wherever the two differ. Both have 32 bytes. */
function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.reduce((difference, byte, index) => difference | (byte ^ (right[index] ?? 0)), 0) === 0;
}
