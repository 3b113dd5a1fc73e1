import { signedHeaders } from "@fairlead/server-process/sign-hook";
import type { HookFacts, HookName, HookSettings } from "./hooks.ts";

/** The body of a hook, as JSON. Never a key, a ticket or SDP. */
export type HookBody = Omit<HookFacts, "cacheKey"> & {
  /** The same whenever the same is told again. */
  id: string;
  hook: HookName;
  /** When it came to pass, milliseconds since 1970. */
  atMs: number;
};

/**
 * Sends one signed POST. The status alone is the answer: redirects are not followed, and no body is read, however long it is.
 *
 * @returns Whether it was a yes (2xx). Redirects and 4xx are a no.
 * @throws {Error} Nobody answered, or by 5xx.
 */
export async function postHook(
  { url, secret }: HookSettings,
  body: HookBody,
  { signal, nowMs }: { signal: AbortSignal; nowMs: number },
): Promise<boolean> {
  const text = JSON.stringify(body);
  const response = await fetch(url, {
    method: "POST",
    body: text,
    headers: signedHeaders(secret, text, nowMs),
    redirect: "manual",
    signal,
  });
  // Closes the connection, unless the answer ended with its head, as 204 does.
  await response.body?.cancel();
  if (response.status >= 500) throw new Error(`the hook answered ${response.status}`);
  return response.ok;
}
