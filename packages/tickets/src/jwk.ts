import { FairleadError, RoomPrefix } from "@fairlead/protocol";
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from "jose";
import * as z from "zod";

/** `EdDSA` (RFC 8037) and `Ed25519` (RFC 9864) are two names of one thing. A key answers to one name only. */
export const KeyAlgorithm = z.enum(["EdDSA", "Ed25519", "ES256", "HS256"]);
export type KeyAlgorithm = z.infer<typeof KeyAlgorithm>;

/** 32 bytes in base64url. */
const Octets32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const KeyId = z.string().min(1).max(128);
const use = z.literal("sig").optional();
/** The key admits to rooms whose id begins with it, and to no other. */
const roomPrefix = RoomPrefix.optional();

/** RFC 8037 § 2; with `d` it is private and can sign. */
const Ed25519Jwk = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: Octets32,
  d: Octets32.optional(),
  kid: KeyId.optional(),
  alg: z.enum(["EdDSA", "Ed25519"]).default("EdDSA"),
  use,
  roomPrefix,
});

/** RFC 7518 § 6.2; with `d` it is private and can sign. */
const Es256Jwk = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: Octets32,
  y: Octets32,
  d: Octets32.optional(),
  kid: KeyId.optional(),
  alg: z.literal("ES256").default("ES256"),
  use,
  roomPrefix,
});

/**
 * RFC 7518 §§ 3.2, 6.4: at least 256 bits, which sign and verify. It needs a `kid`: a thumbprint of it would stand in every
 * ticket and tell something of the key (RFC 7638 § 7).
 */
const Hs256Jwk = z.object({
  kty: z.literal("oct"),
  k: z.string().regex(/^[A-Za-z0-9_-]{43,683}$/),
  kid: KeyId,
  alg: z.literal("HS256").default("HS256"),
  use,
  roomPrefix,
});

export const PublicKeyJwk = z.discriminatedUnion("kty", [Ed25519Jwk, Es256Jwk]);

/** Other members of a JWK (RFC 7517 § 4) are ignored. */
export const TicketJwk = z.discriminatedUnion("kty", [Ed25519Jwk, Es256Jwk, Hs256Jwk]);
export type TicketJwk = z.infer<typeof TicketJwk>;

/** The part of a key that may be published. */
export type PublicJwk = {
  kty: "OKP" | "EC";
  crv: string;
  x: string;
  /** Of `EC`. */
  y?: string;
  kid: string;
  alg: KeyAlgorithm;
  use: "sig";
  roomPrefix?: string;
};

export type Key = {
  kid: string;
  /** The only one that the key serves. */
  alg: KeyAlgorithm;
  /** null: a symmetric key, which is never published. */
  publicJwk: PublicJwk | null;
  verifyingKey: CryptoKey;
  /** null: it only verifies. */
  signingKey: CryptoKey | null;
  /** A room's id must begin with each of them. */
  roomPrefixes: readonly string[];
};

/** Whether tickets of the key may be for that room. */
export function coversRoom({ roomPrefixes }: Pick<Key, "roomPrefixes">, room: string): boolean {
  return roomPrefixes.every((prefix) => room.startsWith(prefix));
}

/** @throws {FairleadError} `invalid_request` for numbers that are no key. */
export async function importKey(jwk: TicketJwk): Promise<Key> {
  return jwk.kty === "oct" ? importSecret(jwk) : importPair(jwk);
}

async function importPair(jwk: z.infer<typeof PublicKeyJwk>): Promise<Key> {
  const { kid: givenKid, alg, use: _use, d, roomPrefix: prefix, ...numbers } = jwk;
  const kid = givenKid ?? (await calculateJwkThumbprint(numbers));
  const verifyingKey = await importCryptoKey(numbers, alg);
  const signingKey = d ? await importCryptoKey({ ...numbers, d }, alg) : null;
  const bound = prefix === undefined ? {} : { roomPrefix: prefix };
  const publicJwk: PublicJwk = { ...numbers, kid, alg, use: "sig", ...bound };
  return { kid, alg, publicJwk, verifyingKey, signingKey, roomPrefixes: prefixesOf(jwk) };
}

async function importSecret(jwk: z.infer<typeof Hs256Jwk>): Promise<Key> {
  const { k, kid, alg } = jwk;
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const imported = crypto.subtle.importKey("jwk", { kty: "oct", k, alg }, hmac, true, ["sign", "verify"]);
  const key = await imported.catch(refuse);
  return { kid, alg, publicJwk: null, verifyingKey: key, signingKey: key, roomPrefixes: prefixesOf(jwk) };
}

function prefixesOf({ roomPrefix: prefix }: Pick<TicketJwk, "roomPrefix">): string[] {
  return prefix === undefined ? [] : [prefix];
}

async function importCryptoKey(jwk: JWK, alg: KeyAlgorithm): Promise<CryptoKey> {
  const key = await importJWK(jwk, alg, { extractable: true }).catch(refuse);
  return key instanceof Uint8Array ? refuse() : key;
}

function refuse(): never {
  throw new FairleadError("invalid_request", { message: "a key of the set is no key of its type" });
}
