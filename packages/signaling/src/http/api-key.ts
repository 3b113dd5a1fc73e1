import { FairleadError } from "@fairlead/protocol";
import type { MiddlewareHandler } from "hono";

/**
 * Lets requests with `Authorization: Bearer <API key>` pass. All keys are compared, by their hashes and without an early
 * exit, so that the time of an answer tells nothing of a key.
 *
 * @throws {FairleadError} `api_key_missing`, `api_key_invalid`.
 */
export function requireApiKey(apiKeys: readonly string[]): MiddlewareHandler {
  let hashes: Promise<Uint8Array[]> | undefined;
  return async (c, next) => {
    const given = /^Bearer +(\S+)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
    if (given === undefined) throw new FairleadError("api_key_missing");
    // At the first request: some runtimes allow no work before it.
    hashes ??= Promise.all(apiKeys.map(sha256));
    const [known, hash] = await Promise.all([hashes, sha256(given)]);
    const matches = known.filter((candidate) => isEqual(candidate, hash));
    if (matches.length === 0) throw new FairleadError("api_key_invalid");
    await next();
  };
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** Takes the same time wherever the two differ. Both have 32 bytes. */
function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.reduce((difference, byte, index) => difference | (byte ^ (right[index] ?? 0)), 0) === 0;
}
