import { FairleadError, parse } from "@fairlead/protocol";
import { exportJWK, generateKeyPair, generateSecret, type JWK } from "jose";
import * as z from "zod";
import { importKey, type Key, type KeyAlgorithm, type PublicJwk, PublicKeyJwk, TicketJwk } from "./jwk.ts";

const TicketJwks = z.object({ keys: z.array(TicketJwk).min(1).max(32) });

/** What others publish may hold keys for other purposes: how many are looked at. */
const AnyJwks = z.object({ keys: z.array(z.unknown()).max(100) });

/** A JWK Set (RFC 7517 § 5). */
export type Jwks = { keys: JWK[] };

/** Keys by id. All of them verify, the `signer` signs too; without one the set only verifies. */
export type KeySet = { readonly keys: ReadonlyMap<string, Key>; readonly signer: SigningKey | null };
export type SigningKey = Key & { signingKey: NonNullable<Key["signingKey"]> };

export type GenerateKeySetOptions = {
  /** Default `EdDSA`. `HS256`: whoever verifies can sign too. */
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
 * @throws {FairleadError} `invalid_request` for a key that is none of these, or for two keys with one `kid`.
 */
export async function importKeySet(jwks: Jwks): Promise<KeySet> {
  const keys = await Promise.all(parse(TicketJwks, jwks).keys.map(importKey));
  const byId = new Map(keys.map((key) => [key.kid, key]));
  if (byId.size < keys.length) {
    throw new FairleadError("invalid_request", { message: "two keys of the set have the same kid" });
  }
  return { keys: byId, signer: keys.find(canSign) ?? null };
}

/**
 * Takes the public keys of tickets from a JWK Set that somebody else publishes, and leaves out what is not one: other types,
 * symmetric keys, encryption keys. Of a private key the public part counts.
 *
 * @returns By id. Of two keys with one id the first.
 * @throws {FairleadError} `invalid_request` for what is no JWK Set.
 */
export async function importPublishedKeys(jwks: unknown): Promise<ReadonlyMap<string, Key>> {
  const publics = parse(AnyJwks, jwks).keys.flatMap((jwk) => PublicKeyJwk.safeParse(jwk).data ?? []);
  const imports = publics.map(({ d: _private, ...jwk }) => importKey(jwk).catch(() => null));
  const keys = (await Promise.all(imports)).filter((key) => key !== null);
  return new Map(keys.reverse().map((key) => [key.kid, key]));
}

/** @returns What verifiers need, and may be published: no private key, no symmetric one. */
export function publicJwks(keySet: KeySet): { keys: PublicJwk[] } {
  return { keys: [...keySet.keys.values()].flatMap(({ publicJwk }) => publicJwk ?? []) };
}

/** @returns The whole set with its private keys, in order, for `importKeySet`: a secret. */
export async function exportKeySet(keySet: KeySet): Promise<Jwks> {
  const keys = [...keySet.keys.values()].map(async ({ kid, alg, publicJwk, signingKey }) => ({
    ...publicJwk,
    ...(signingKey ? await exportJWK(signingKey) : {}),
    ...{ kid, alg, use: "sig" },
  }));
  return { keys: await Promise.all(keys) };
}

function canSign(key: Key): key is SigningKey {
  return key.signingKey !== null;
}
