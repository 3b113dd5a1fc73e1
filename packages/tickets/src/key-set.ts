import { FairleadError, parse } from "@fairlead/protocol";
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from "jose";
import * as z from "zod";

/** Two names of one thing: `EdDSA` is RFC 8037's, `Ed25519` is RFC 9864's. A key answers to one of them only. */
export const KeyAlgorithm = z.enum(["EdDSA", "Ed25519"]);
export type KeyAlgorithm = z.infer<typeof KeyAlgorithm>;

/** An Ed25519 key (RFC 8037 § 2); with `d` it is private and can sign. Other members are ignored. */
const Ed25519Jwk = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string().length(43),
  d: z.string().length(43).optional(),
  kid: z.string().min(1).max(128).optional(),
  alg: KeyAlgorithm.default("EdDSA"),
  use: z.literal("sig").optional(),
});
type Ed25519Jwk = z.infer<typeof Ed25519Jwk>;

const Ed25519Jwks = z.object({ keys: z.array(Ed25519Jwk).min(1).max(32) });

/** A JWK Set (RFC 7517 § 5). */
export type Jwks = { keys: JWK[] };

type Key = {
  kid: string;
  alg: KeyAlgorithm;
  publicJwk: JWK;
  publicKey: CryptoKey;
  privateKey: CryptoKey | null;
};

/** Keys by id. All of them verify, the `signer` signs too; without one the set only verifies. */
export type KeySet = { readonly keys: ReadonlyMap<string, Key>; readonly signer: SigningKey | null };
export type SigningKey = Key & { privateKey: CryptoKey };

/** @returns A set of one fresh Ed25519 key. Its `kid` is its thumbprint (RFC 7638). */
export async function generateKeySet(): Promise<KeySet> {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  return importKeySet({ keys: [await exportJWK(privateKey)] });
}

/**
 * Makes a key set of a JWK Set. The first private key signs, all verify. To rotate, without refusing one ticket:
 * 1. append the new key everywhere, 2. move it to the front, 3. drop the old one when its last ticket has expired.
 *
 * @param jwks Ed25519 keys, public or private; a missing `kid` becomes the thumbprint, a missing `alg` `EdDSA`.
 * @throws {FairleadError} `invalid_request` for a key that is none of these, or for two keys with one `kid`.
 */
export async function importKeySet(jwks: Jwks): Promise<KeySet> {
  const keys = await Promise.all(parse(Ed25519Jwks, jwks).keys.map(importKey));
  const byId = new Map(keys.map((key) => [key.kid, key]));
  if (byId.size < keys.length) {
    throw new FairleadError("invalid_request", { message: "two keys of the set have the same kid" });
  }
  return { keys: byId, signer: keys.find(canSign) ?? null };
}

/** @returns What verifiers need, and may be published. */
export function publicJwks(keySet: KeySet): Jwks {
  return { keys: [...keySet.keys.values()].map((key) => key.publicJwk) };
}

/** @returns The whole set with its private keys, in order, for `importKeySet`: a secret. */
export async function exportKeySet(keySet: KeySet): Promise<Jwks> {
  const keys = [...keySet.keys.values()].map(async (key) =>
    key.privateKey ? { ...key.publicJwk, ...(await exportJWK(key.privateKey)) } : key.publicJwk,
  );
  return { keys: await Promise.all(keys) };
}

async function importKey(jwk: Ed25519Jwk): Promise<Key> {
  const { kty, crv, x, d, alg } = jwk;
  const kid = jwk.kid ?? (await calculateJwkThumbprint({ kty, crv, x }));
  const publicJwk = { kty, crv, x, kid, alg, use: "sig" };
  const publicKey = await importCryptoKey({ kty, crv, x }, alg);
  const privateKey = d ? await importCryptoKey({ kty, crv, x, d }, alg) : null;
  return { kid, alg, publicJwk, publicKey, privateKey };
}

async function importCryptoKey(jwk: JWK, alg: KeyAlgorithm): Promise<CryptoKey> {
  const key = await importJWK(jwk, alg, { extractable: true }).catch(() => null);
  if (key === null || key instanceof Uint8Array) {
    throw new FairleadError("invalid_request", { message: "a key of the set is no Ed25519 key" });
  }
  return key;
}

function canSign(key: Key): key is SigningKey {
  return key.privateKey !== null;
}
