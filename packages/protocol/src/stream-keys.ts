import { type KeyHash, StreamKey } from "./broadcasts.ts";
import { toBase64url } from "./ids.ts";

/**
 * @param random Fills the array it is given; default `crypto.getRandomValues`.
 * @returns `{broadcast}.{256 random bits}`. Shown once: only its hash is kept.
 */
export function makeStreamKey(
  broadcastId: string,
  random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (b) => crypto.getRandomValues(b),
): StreamKey {
  return StreamKey.parse(`${broadcastId}.${toBase64url(random(new Uint8Array(32)))}`);
}

/** @returns SHA-256 in hex. No salt: nobody guesses a random key. */
export async function hashStreamKey(key: string): Promise<KeyHash> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Compares with every hash, each to its end: the time that it takes tells nothing of any. */
export function hasKeyHash(keyHashes: readonly KeyHash[], given: KeyHash): boolean {
  let isOne = false;
  for (const keyHash of keyHashes) if (isSameHash(keyHash, given)) isOne = true;
  return isOne;
}

/** Takes the same time wherever two of the same length differ. */
function isSameHash(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < right.length; index += 1)
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}
