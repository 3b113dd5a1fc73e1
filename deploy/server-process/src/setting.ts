import { readFileSync } from "node:fs";
import { CodecPolicy, DEFAULT_CODEC_POLICY } from "@fairlead/protocol";
import { importKeySet } from "@fairlead/tickets";
import * as z from "zod";

/** Kinds of settings. Each describes what it accepts: that is what a fault says. */

export function numberOr(fallback: number, min: number, max: number) {
  return wholeNumber(min, max).default(fallback).describe(rangeOf(min, max));
}

export function optionalNumber(min: number, max: number) {
  return wholeNumber(min, max).optional().describe(rangeOf(min, max));
}

export function optionalText(accepts = "text") {
  return z.string().optional().describe(accepts);
}

/** @returns The file's text. */
export function optionalFile(accepts: string) {
  return z.string().transform(readFile).optional().describe(accepts);
}

/** For a file that holds a secret: whoever puts its contents where its path belongs does not see them in a log. */
export function secretFile(accepts: string) {
  return secret(z.string().transform(readFile).optional(), accepts);
}

/** Items between commas; spaces around them don't count. */
export function listOf(item: z.ZodType<string, string>, accepts: string) {
  return z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .pipe(z.array(item))
    .describe(accepts);
}

/** Never shown, not even in part. */
export function secret<T extends z.ZodType>(schema: T, accepts: string): T {
  return schema.meta({ description: accepts, isSecret: true });
}

/** @param canSign Whether a private key must be in it. */
export function keySet(canSign: boolean) {
  const schema = z.string().transform(async (text, context) => {
    const jwks = text.startsWith("@") ? readFile(text.slice(1), context) : text;
    try {
      const keys = await importKeySet(JSON.parse(jwks));
      if (keys.signer || !canSign) return keys;
    } catch {
      // What is wrong with a key set may show a part of it: what is accepted says enough.
    }
    context.addIssue({ code: "custom", message: "no such key set" });
    return z.NEVER;
  });
  const which = canSign ? "a private Ed25519 key" : "Ed25519 keys, public ones are enough";
  return secret(
    schema,
    `a JWK Set with ${which}, as JSON or as @ and a file's path (npm run keys makes one)`,
  );
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

function readFile(path: string, context: z.RefinementCtx): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
}
