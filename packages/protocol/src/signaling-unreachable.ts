import { FairleadError, type FairleadErrorOptions } from "./errors.ts";

/**
 * @param url A query, which may hold a secret, stays out of the message.
 * @returns `signaling_unreachable` that names where nobody answered, and why.
 */
export function signalingUnreachable(
  url: string,
  cause: unknown,
  options: FairleadErrorOptions = {},
): FairleadError {
  const where = url.replace(/[?#].*$/, "");
  const message = `signaling unreachable at ${where}: ${reasonOf(cause)}`;
  return new FairleadError("signaling_unreachable", { message: message.slice(0, 2_000), cause, ...options });
}

/** Node's fetch says "fetch failed", and its cause says why. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause ?? "no answer");
  if (cause.name === "SyntaxError" || cause.name === "ZodError" || cause.name === "$ZodError")
    return "something other than Fairlead's signaling answers";
  const inner = cause.cause instanceof Error ? reasonOf(cause.cause) : "";
  return [cause.message || cause.name, inner].filter((part) => part !== "").join(": ");
}
