import { CodecPolicy, DEFAULT_CODEC_POLICY } from "@fairlead/protocol";
import { importKeySet, type KeySet } from "@fairlead/tickets";
import * as z from "zod";

/** A PEM file may have text before its first block. */
const PEM = z.string().includes("-----BEGIN ");

const PUBLIC_KEYS = "Ed25519 keys, public ones are enough";

/** Kinds of settings. Each describes the values that it accepts; a fault names that description. */

export function numberOr(fallback: number, min: number, max: number) {
  return wholeNumber(min, max).default(fallback).describe(rangeOf(min, max));
}

export function optionalNumber(min: number, max: number) {
  return wholeNumber(min, max).optional().describe(rangeOf(min, max));
}

export function optionalText(accepts = "text") {
  return z.string().optional().describe(accepts);
}

/** PEM, or the path of a file with it where there are files: `parseSettings` puts the file's text in its place. */
export function optionalPem(what: string) {
  return PEM.optional().meta({ description: formsOf(what), file: "path" });
}

/** As `optionalPem`, and never shown. */
export function secretPem(what: string) {
  return PEM.optional().meta({ description: formsOf(what), file: "path", isSecret: true });
}

/** Items between commas; spaces around them don't count. */
export function listOf<T>(item: z.ZodType<T, string>, accepts: string) {
  return z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .pipe(z.array(item))
    .describe(accepts);
}

/** A secret: never shown, not even in part. */
export function secret<T extends z.ZodType>(schema: T, accepts: string): T {
  return schema.meta({ description: accepts, isSecret: true });
}

/**
 * For tickets between processes of the cluster: Ed25519 alone.
 * @param canSign Whether a private key must be in it.
 */
export function keySet(canSign: boolean) {
  const which = canSign ? "a private Ed25519 key" : PUBLIC_KEYS;
  return keySetSchema((keys) => keys.keys.every(isEdwards) && (keys.signer !== null || !canSign)).meta(
    metaOf(which),
  );
}

/** As `keySet`, for processes that verify only, and may do without. */
export function optionalPublicKeys() {
  return keySet(false).optional().meta(metaOf(PUBLIC_KEYS));
}

/** Of the algorithms that tickets may have; a set of public keys verifies only. */
export function ticketKeySet() {
  const which = "Ed25519, ES256 or HS256 keys";
  return keySetSchema(() => true)
    .optional()
    .meta(metaOf(which));
}

function keySetSchema(isAccepted: (keys: KeySet) => boolean) {
  return z.string().transform(async (text, context) => {
    try {
      const keys = await importKeySet(JSON.parse(text));
      if (isAccepted(keys)) return keys;
    } catch {
      // A parser's message may show a part of the key set: the accepted form says enough.
    }
    context.addIssue({ code: "custom", message: "no such key set" });
    return z.NEVER;
  });
}

function isEdwards({ alg }: { alg: string }): boolean {
  return alg === "EdDSA" || alg === "Ed25519";
}

function metaOf(keys: string) {
  const description = `a JWK Set with ${keys}, as JSON or as @ and a file's path (npm run keys makes one)`;
  return { description, file: "@path", isSecret: true };
}

/** `MIN-MAX`. */
export function optionalPortRange(example: string) {
  const port = z.int().min(1_024).max(65_535);
  return z
    .string()
    .regex(/^\d{1,5}-\d{1,5}$/)
    .transform((text) => text.split("-").map(Number))
    .pipe(z.tuple([port, port]))
    .refine(([min, max]) => min < max)
    .transform(([min, max]) => ({ min, max }))
    .optional()
    .describe(`ports like ${example}`);
}

export const logLevel = z
  .enum(["error", "warn", "info", "debug", "silent"])
  .default("info")
  .describe("error, warn, info, debug or silent");

export const codecs = listOf(z.string(), "")
  .pipe(CodecPolicy)
  .default(DEFAULT_CODEC_POLICY)
  .describe(`some of ${DEFAULT_CODEC_POLICY.join(",")}, preferred first`);

function wholeNumber(min: number, max: number) {
  return z.coerce.number().int().min(min).max(max);
}

function rangeOf(min: number, max: number): string {
  return `a whole number from ${min} to ${max}`;
}

function formsOf(what: string): string {
  return `${what}, or the path of a file with it`;
}

export const rtmpUrl = z
  .url({ protocol: /^rtmps?$/ })
  .optional()
  .describe("the rtmp:// or rtmps:// URL that encoders send to");
