import { parse } from "@fairlead/protocol";
import { exportJWK, generateKeyPair, generateSecret, type JWK } from "jose";
import * as z from "zod";
import {
  coversRoom,
  importKey,
  type Key,
  type KeyAlgorithm,
  type PublicJwk,
  PublicKeyJwk,
  TicketJwk,
} from "./jwk.ts";

const TicketJwks = z.object({ keys: z.array(TicketJwk).min(1).max(32) });

/** A published set may hold keys for other purposes: at most this many are looked at. */
const AnyJwks = z.object({ keys: z.array(z.unknown()).max(100) });

/** A JWK Set (RFC 7517 § 5). */
export type Jwks = { keys: JWK[] };

/** All keys verify, the `signer` signs too; without one the set only verifies. Several keys may have one `kid`. */
export type KeySet = { readonly keys: readonly Key[]; readonly signer: SigningKey | null };
export type SigningKey = Key & { signingKey: NonNullable<Key["signingKey"]> };

export type GenerateKeySetOptions = {
  /** Default `EdDSA`. With `HS256`, every process that verifies can sign too. */
  alg?: KeyAlgorithm;
};

/** @returns A set of one fresh key. Its `kid` is its thumbprint (RFC 7638), that of a symmetric one random. */
export async function generateKeySet({ alg = "EdDSA" }: GenerateKeySetOptions = {}): Promise<KeySet> {
  if (alg === "HS256") {
    const secret = await generateSecret(alg, { extractable: true });
    return importKeySet({ keys: [{ ...(await exportJWK(secret)), alg, kid: crypto.randomUUID() }] });
  }
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return importKeySet({ keys: [{ ...(await exportJWK(privateKey)), alg }] });
}

/**
 * Makes a key set of a JWK Set. The first private or symmetric key signs, all verify. To rotate, without refusing one ticket:
 * 1. append the new key everywhere, 2. move it to the front, 3. drop the old one when its last ticket has expired.
 *
 * @param jwks Keys of Ed25519, ES256 (P-256) or HS256 (`oct`, at least 256 bits, with a `kid`). Else a missing `kid` becomes
 * the thumbprint. Each key serves its own `alg` only; a missing one becomes `EdDSA`, `ES256`, `HS256` by type.
 * A `roomPrefix` binds a key to the rooms whose ids begin with it.
 * @throws {FairleadError} `invalid_request` for a key that is none of these.
 */
export async function importKeySet(jwks: Jwks): Promise<KeySet> {
  const keys = await Promise.all(parse(TicketJwks, jwks).keys.map(importKey));
  return { keys, signer: keys.find(canSign) ?? null };
}

/** @returns The first key of the set that signs tickets for that room; undefined: none does. */
export function signerFor(room: string, { keys }: KeySet): SigningKey | undefined {
  return keys.filter(canSign).find((key) => coversRoom(key, room));
}

/**
 * Takes the public keys of tickets from a JWK Set that somebody else publishes, and leaves out what is not one: other types,
 * symmetric keys, encryption keys. Of a private key the public part counts.
 *
 * @param roomPrefix Binds all of them, besides what the set itself says of each.
 * @throws {FairleadError} `invalid_request` for what is no JWK Set.
 */
export async function importPublishedKeys(jwks: unknown, roomPrefix?: string): Promise<readonly Key[]> {
  const publics = parse(AnyJwks, jwks).keys.flatMap((jwk) => PublicKeyJwk.safeParse(jwk).data ?? []);
  const imports = publics.map(({ d: _private, ...jwk }) => importKey(jwk).catch(() => null));
  const keys = (await Promise.all(imports)).filter((key) => key !== null);
  if (roomPrefix === undefined) return keys;
  return keys.map((key) => ({ ...key, roomPrefixes: [...key.roomPrefixes, roomPrefix] }));
}

/** @returns What verifiers need, and may be published: no private key, no symmetric one. */
export function publicJwks(keySet: KeySet): { keys: PublicJwk[] } {
  return { keys: keySet.keys.flatMap(({ publicJwk }) => publicJwk ?? []) };
}

/** @returns The whole set with its private keys, in order, for `importKeySet`: a secret. */
export async function exportKeySet(keySet: KeySet): Promise<Jwks> {
  const keys = keySet.keys.map(async ({ kid, alg, publicJwk, signingKey, roomPrefixes }) => ({
    ...(roomPrefixes[0] === undefined ? {} : { roomPrefix: roomPrefixes[0] }),
    ...publicJwk,
    ...(signingKey ? await exportJWK(signingKey) : {}),
    kid,
    alg,
    use: "sig",
  }));
  return { keys: await Promise.all(keys) };
}

function canSign(key: Key): key is SigningKey {
  return key.signingKey !== null;
}
