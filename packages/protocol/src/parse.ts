import type * as z from "zod";
import { type ErrorCode, FairleadError } from "./errors.ts";

type Fault = { path: readonly PropertyKey[]; message: string };

/**
 * Parses what came from outside.
 * @throws {FairleadError} `code`, with the paths and reasons of the first five faults, never the values.
 */
export function parse<T extends z.ZodType>(
  schema: T,
  value: unknown,
  code: ErrorCode = "invalid_request",
): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FairleadError(code, { message: describeFaults(result.error.issues) });
}

/** @returns Where and why the first five faults are, never the values, in at most 1,000 characters. */
export function describeFaults(issues: readonly Fault[]): string {
  const faults = issues.slice(0, 5).map(({ path, message }) => `${path.join(".") || "(root)"}: ${message}`);
  return faults.join("; ").slice(0, 1_000);
}

/**
 * Parses JSON text that came from outside.
 * @throws {FairleadError} `code` when it is no JSON or does not fit `schema`.
 */
export function parseJson<T extends z.ZodType>(
  schema: T,
  text: string,
  code: ErrorCode = "invalid_frame",
): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FairleadError(code, { message: "not JSON" });
  }
  return parse(schema, value, code);
}
